"""Reference names of elements of ONIX by their short tags, from the lists of XML tags of releases 3.0 and 2.1.

These are the elements that are read here, and others that the summary reports as unread.
"""

from __future__ import annotations

_READ = """
a001 RecordReference; a002 NotificationType; m184 DefaultLanguageOfText;
b221 ProductIDType; b244 IDValue; b004 ISBN; b005 EAN13; b009 DOI;
b202 TitleType; x409 TitleElementLevel; b203 TitleText; b030 TitlePrefix; b031 TitleWithoutPrefix; b029 Subtitle;
x410 PartNumber; b020 YearOfAnnual; b028 DistinctiveTitle; b034 SequenceNumber;
b035 ContributorRole; b036 PersonName; b037 PersonNameInverted; b039 NamesBeforeKey; b247 PrefixToKey; b040 KeyNames;
b041 NamesAfterKey; b248 SuffixToKey; b047 CorporateName; x443 CorporateNameInverted; b249 UnnamedPersons;
x417 ContributorDateRole; b305 PersonDateRole; b306 Date; j260 DateFormat;
b253 LanguageRole; b252 LanguageCode; b059 LanguageOfText; b060 OriginalLanguage;
b291 PublishingRole; b081 PublisherName; b079 ImprintName; b057 EditionNumber; b058 EditionStatement;
b012 ProductForm; b218 ExtentType; b219 ExtentValue; b220 ExtentUnit; b061 NumberOfPages;
x479 CollectionSequenceType; x481 CollectionSequenceNumber; b018 TitleOfSeries; b019 NumberWithinSeries;
x426 TextType; d102 TextTypeCode; d104 Text; d101 MainDescription; d100 Annotation;
b067 SubjectSchemeIdentifier; b171 SubjectSchemeName; b069 SubjectCode; b070 SubjectHeadingText;
b191 MainSubjectSchemeIdentifier; b064 BASICMainSubject; b065 BICMainSubject;
x448 PublishingDateRole; b003 PublicationDate; b088 YearFirstPublished
"""
_UNREAD = """
a194 RecordSourceType; a197 RecordSourceName; a198 DeletionCode; a199 DeletionText; b246 Barcode;
x314 ProductComposition; b333 ProductFormDetail; b014 ProductFormDescription; b225 ProductPackaging;
b384 TradeCategory; x416 PrimaryContentType; b385 ProductContentType; x316 CountryOfManufacture;
b013 BookFormDetail; b210 NumberOfPieces; b211 EpubType; b212 EpubTypeVersion; b213 EpubTypeDescription;
b214 EpubFormat; b277 EpubTypeNote; x317 EpubTechnicalProtection; b063 MapScale; b049 ContributorStatement;
x419 EditionType; b056 EditionTypeCode; b217 EditionVersionNumber; b368 ThesisType; b254 PagesRoman; b255 PagesArabic;
b062 IllustrationsNote; x422 Illustrated; b125 NumberOfIllustrations; b073 AudienceCode; b207 AudienceDescription;
b200 BASICVersion; b066 BICVersion; b023 TitleOfSet; b209 CityOfPublication; b083 CountryOfPublication;
b394 PublishingStatus; b395 PublishingStatusNote; b086 AnnouncementDate; b087 CopyrightYear; x456 ROWSalesRightsType;
n338 NoSeries; x411 NoCollection; n386 NoEdition; n339 NoContributor; x501 NoPrefix
"""
# Their short tags are their names in lower case.
_COMPOSITES = """
Header Product MainSeriesRecord SubSeriesRecord DescriptiveDetail CollateralDetail PublishingDetail ProductIdentifier
TitleDetail TitleElement Title Contributor ContributorDate PersonDate Language Publisher Imprint Extent Collection
CollectionSequence Series TextContent OtherText Subject PublishingDate
AncillaryContent Audience AudienceRange Bible CitedContent Complexity Conference ContainedItem ContentDetail
CopyrightStatement EpubLicense EpubUsageConstraint Event MarketRepresentation Measure MediaFile NameAsSubject NotForSale
PersonAsSubject Prize ProductClassification ProductContact ProductFormFeature ProductPart ProductSupply ProductWebsite
PromotionDetail RecordSourceIdentifier Reissue RelatedMaterial RelatedProduct ReligiousText SalesRestriction SalesRights
Set SupplyDetail SupportingResource Website WorkIdentifier
"""

REFERENCE_NAMES = (
    dict(pair.split() for part in (_READ, _UNREAD) for pair in part.split(";"))
    | {name.lower(): name for name in _COMPOSITES.split()}
    | {"mainsubject": "MainSubject"}  # a composite in 2.1; 3.0 has an empty element of this name, as x425
)
