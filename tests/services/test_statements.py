"""How many statements each operation sends to the database: pinned, because each is a round trip."""

from __future__ import annotations

import json
import re

import pytest

from diptych.core.http.request_response import Response
from tests.services.api import Api
from tests.services.twins import Counts

ISBNS = ["9780439554930", "9780306406157", "9783161484100"]
NOBODY = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"


class Catalogue:
    """Something for each operation to work on."""

    def __init__(
        self, authors: list[str], books: list[str], tags: list[str], publishers: list[str], series: list[str]
    ) -> None:
        self.authors, self.books, self.tags, self.publishers, self.series = authors, books, tags, publishers, series
        self.account = self.token = self.file = ""


async def catalogue(api: Api) -> Catalogue:
    people = [{"name": name} for name in ("Homer", "Virgil", "Fagles", "Free", "Free too")]
    authors = [item["id"] for item in (await api.made("authors_create_batch", {"items": people}))["items"]]
    given = [
        {"title": f"Te{place}", "author_id": authors[0], "isbn": isbn, "url": "https://example.org/"}
        for place, isbn in enumerate(ISBNS)
    ]
    books = [item["id"] for item in (await api.made("books_create_batch", {"items": given}))["items"]]
    await api.made("books_set_tags", {"items": ["war", "epic"]}, id=books[0])
    tags = [item["id"] for item in (await api.made("books_set_tags", {"items": ["war", "epic"]}, id=books[1]))["items"]]
    pair = [{"author_id": authors[0], "role": "author"}, {"author_id": authors[2], "role": "translator"}]
    await api.made("books_set_contributors", {"items": pair}, id=books[0])
    publishers, series = [
        [item["id"] for item in (await api.made(f"{resource}_create_batch", {"items": items}))["items"]]
        for resource, items in (
            ("publishers", [{"name": "Sort of Books"}, {"name": "Sort of"}]), ("series", [{"name": "Moomins"}])
        )
    ]  # fmt: skip
    found = Catalogue(authors, books, tags, publishers, series)
    response, _ = await api.call("books_add_file", None, "kind=cover", file="GIF89a", id=books[0])
    found.file = json.loads(response.body)["id"]
    found.account = (await api.made("accounts_create", {"name": "tove"}))["id"]
    found.token = (await api.made("tokens_create", {"label": "Import", "account_id": found.account}))["id"]
    return found


# What is asked -> statements, and whether there is a commit; PostgreSQL commits one that is alone itself.
# {} stands for the ids of the catalogue above.
TABLE = """
    health_live                                                                          0
    health_ready                                                                         1
    metrics_read                                                                         1
    documents_openapi                                                                    0
    documents_reference                                                                  0
    documents_reference_page name=books                                                  0
    documents_list_problems                                                              0
    documents_get_problem   name=conflict                                                0

    authors_get             id={author}                                                  1
    authors_get             id={author} ?include=audit                                   2
    authors_get             id={nobody}                                                  1
    authors_get             id={nobody} ?include=audit                                   1
    authors_list            ?include=audit&searchString=nobody                           1
    authors_get_by_slug     slug=homer                                                   1
    authors_get_by_slug     slug=homer ?include=audit                                    2
    authors_list                                                                         1
    authors_list            ?include=audit                                               2
    authors_list            ?pageSize=2                                                  1
    authors_list            ?searchString=nobody                                         1
    authors_list            ?q=homer                                                     3
    authors_list_books      id={author}                                                  2
    authors_create          {{"name":"New"}}                                             1 alone
    authors_create          {{"name":"Homer"}}                                           1 alone
    authors_change          id={author} {{"name":"Other"}}                               1 alone
    authors_change          id={author} {{"name":"Homer"}}                               1 alone
    authors_change          id={nobody} {{"name":"Homer"}}                               2
    authors_replace         id={author} {{"name":"Other"}}                               1 commit
    authors_replace         id={nobody} {{"name":"Other"}}                               2 commit
    authors_replace         id={nobody} If-Match:* {{"name":"Other"}}                    1
    authors_replace         id={author} If-Match:* {{"name":"Other"}}                    3 commit
    authors_delete          id={free}                                                    1 alone
    authors_delete          id={author}                                                  1
    authors_delete          id={free} If-Match:*                                         3 commit
    authors_delete          id={free} If-Match:"x"                                       2
    authors_create_batch    {{"items":[{{"name":"X"}},{{"name":"Y"}},{{"name":"Z"}}]}}   2 commit
    authors_change_batch    {{"items":[{{"id":"{author}","name":"X"}},{{"id":"{free}","name":"Y"}}]}}  2 commit
    authors_upsert_batch    {{"items":[{{"name":"Homer","dob":null}},{{"name":"Y","dob":null}}]}}      3 commit
    authors_delete_batch    {{"ids":["{free}","{free2}"]}}                               3 commit

    tags_get                id={tag}                                                     1
    tags_get                id={tag} ?include=audit                                      2
    tags_list                                                                            1
    tags_list               ?include=audit                                               2
    tags_create             {{"name":"new"}}                                             1 alone
    tags_create             {{"name":"war"}}                                             1
    tags_change             id={tag} {{"name":"new"}}                                    1 alone
    tags_replace            id={nobody} {{"name":"new"}}                                 2 commit
    tags_delete             id={tag}                                                     1 alone
    tags_create_batch       {{"items":[{{"name":"x"}},{{"name":"y"}}]}}                  2 commit
    tags_change_batch       {{"items":[{{"id":"{tag}","name":"x"}}]}}                    3 commit
    tags_list_books         id={tag}                                                     2
    tags_upsert_batch       {{"items":[{{"name":"war"}},{{"name":"y"}}]}}                2 commit
    tags_delete_batch       ?ids={tag}                                                   2 commit

    books_get               id={book}                                                    1
    books_get               id={book} ?include=tags                                      1
    books_get               id={book} ?include=tags,contributors                         3
    books_get               id={book} ?include=audit                                     2
    books_get               id={book} ?include=tags,audit                                2
    books_get_by_slug       slug=te0 ?include=audit                                      2
    books_get               id={book}.bib                                                6
    books_list_bibtex       ?ids={book}                                                  6
    books_list_csv          ?ids={nobody}                                                1
    books_list_csv          ?ids={book}                                                  6
    books_list_jsonl        ?ids={book}                                                  5
    books_list_marc         ?ids={book}                                                  6
    books_list_marcxml      ?ids={book}                                                  6
    books_list_ris          ?ids={book}                                                  6
    books_get_by_slug       slug=te0 ?include=contributors                                2
    books_list                                                                           1
    books_list              ?pageSize=2                                                  1
    books_list              ?pageSize=2&include=tags,contributors                        3
    books_list              ?pageSize=2&include=tags,contributors,audit                  4
    books_list              ?q=te*                                                        3
    books_list              ?q=te*&pageSize=2                                             3
    books_list              ?q=te*&pageSize=2&total=false                                 2
    books_list              ?orderBy=isbn                                                2
    books_list              ?orderBy=isbn&pageSize=2&total=false                         1
    books_list              ?tagsIn=war&contributorsIn={author}                          2
    books_create            {{"title":"New","author_id":"{author}"}}                     1 alone
    books_create            {{"title":"New","author_id":"{nobody}"}}                     2
    books_change            id={book} {{"title":"New"}}                                  1 alone
    books_change            id={book} If-Match:* {{"title":"New"}}                       3 commit
    books_change            id={book} {{"title":"Te0"}}                                  1 alone
    books_change            id={book} {{"author_id":"{other}"}}                          2 commit
    books_change            id={book} {{"isbn":"9780140449136"}}                         2 commit
    books_replace           id={book} {{"title":"New","author_id":"{author}"}}           2 commit
    books_replace           id={nobody} {{"title":"New","author_id":"{author}"}}         2 commit
    books_delete            id={book}                                                    1 alone
    books_create_batch      {{"items":[{{"title":"X","author_id":"{author}"}},{{"title":"Y","author_id":"{author}"}}]}}  3 commit
    books_change_batch      {{"items":[{{"id":"{book}","year":1}},{{"id":"{book2}","year":2}}]}}       3 commit
    books_upsert_batch      {{"items":[{{"title":"X","author_id":"{author}","isbn":"9780439554930"}},{{"title":"Y","author_id":"{author}","isbn":"9780140449136"}}]}}  5 commit
    books_delete_batch      {{"ids":["{book}","{book2}"]}}                               2 commit
    books_get_tags          id={book}                                                    2
    books_set_tags          id={book} {{"items":["war","epic"]}}                         4 commit
    books_set_tags          id={book} {{"items":["war","new"]}}                          9 commit
    books_set_tags          id={book} If-Match:* {{"items":["war","epic"]}}              7 commit
    books_set_tags          id={book} {{"items":[]}}                                     5 commit
    books_get_identifiers   id={book}                                                    2
    books_set_identifiers   id={book} {{"items":[{{"scheme":"oclc","value":"7"}}]}}       5 commit
    books_get_series        id={book}                                                    2
    books_set_series        id={book} {{"items":[{{"series_id":"{series}","position":"2"}}]}}  6 commit
    books_get               id={book} ?include=identifiers,series,sources,publisher      4
    books_get_contributors  id={book}                                                    2
    books_set_contributors  id={book} {{"items":[{{"author_id":"{author}","role":"author"}},{{"author_id":"{fagles}","role":"translator"}}]}}  3 commit
    books_set_contributors  id={book} {{"items":[{{"author_id":"{other}","role":"author"}},{{"author_id":"{fagles}","role":"editor"}}]}}       6 commit
    books_set_contributors  id={single} {{"items":[{{"author_id":"{other}","role":"author"}}]}}        4 commit

    books_get_facets                                                                     2
    books_get_facets        ?q=te*&facet=language,tags                                   1
    books_get_facets        ?languageIn=en                                               3
    books_get_facets        ?tagsIn=war&q=te*&facet=language                             2

    authors_get_names       id={author}                                                  2
    authors_set_names       id={author} {{"items":["Homeros"]}}                          4 commit
    authors_merge           id={author} {{"ids":["{fagles}"]}}                          12 commit
    publishers_get_names    id={publisher}                                               2
    publishers_set_names    id={publisher} {{"items":["House"]}}                         4 commit
    publishers_merge        id={publisher} {{"ids":["{publisher2}"]}}                    8 commit
    tags_get_names          id={tag}                                                     2
    tags_set_names          id={tag} {{"items":["battle"]}}                              5 commit
    tags_merge              id={tag} {{"ids":["{tag2}"]}}                               10 commit

    publishers_get          id={publisher}                                               1
    publishers_get          id={publisher} ?include=audit                                2
    publishers_get_by_slug  slug=sort-of-books                                           1
    publishers_get_by_slug  slug=sort-of-books ?include=audit                            2
    publishers_list                                                                      1
    publishers_list         ?include=audit                                               2
    publishers_list_books   id={publisher}                                               2
    publishers_create       {{"name":"New"}}                                             1 alone
    publishers_change       id={publisher} {{"name":"New"}}                              1 alone
    publishers_replace      id={publisher} {{"name":"New"}}                              1 commit
    publishers_delete       id={publisher}                                               1 alone
    publishers_create_batch {{"items":[{{"name":"X"}},{{"name":"Y"}}]}}                  2 commit
    publishers_change_batch {{"items":[{{"id":"{publisher}","name":"X"}}]}}              2 commit
    publishers_upsert_batch {{"items":[{{"name":"X"}}]}}                                 3 commit
    publishers_delete_batch {{"ids":["{publisher}"]}}                                    3 commit
    series_get              id={series}                                                  1
    series_get              id={series} ?include=audit                                   2
    series_get_by_slug      slug=moomins                                                 1
    series_get_by_slug      slug=moomins ?include=audit                                  2
    series_list                                                                          1
    series_list             ?include=audit                                               2
    series_list_books       id={series}                                                  2
    series_create           {{"name":"New"}}                                             1 alone
    series_change           id={series} {{"name":"New"}}                                 1 alone
    series_replace          id={series} {{"name":"New"}}                                 1 commit
    series_delete           id={series}                                                  1 alone
    series_create_batch     {{"items":[{{"name":"X"}},{{"name":"Y"}}]}}                  2 commit
    series_change_batch     {{"items":[{{"id":"{series}","name":"X"}}]}}                 2 commit
    series_upsert_batch     {{"items":[{{"name":"X"}}]}}                                 3 commit
    series_delete_batch     {{"ids":["{series}"]}}                                       2 commit

    page_root                                                                            0
    page_root_without_slash                                                              0
    page_favicon                                                                         0
    page_robots                                                                          0
    page_asset              name=none                                                    0
    page_home                                                                            4
    page_statistics                                                                      3
    page_feed                                                                            2
    page_search                                                                          0
    page_search             ?q=homer                                                     8
    page_search             ?q=te1                                                       7
    page_search             ?q=te1+homer                                                12
    page_search             ?q=ILIAD                                                     8
    page_search             ?q=9780439554930                                             1
    page_search             ?q=9780140449136                                             1
    page_suggestions                                                                     0
    page_suggestions        ?q=te                                                        1
    page_suggestions        ?q=homer&of=author                                           1
    page_book               slug=te0                                                     1
    page_book               slug=none                                                    1
    page_cover              digest=none name=small.webp                                  1
    page_file               book_id={book} id={file}                                     1
    page_record             id={book}                                                    1
    page_record             id={book}.bib                                                6
    page_books                                                                           3
    page_books              ?q=te*&unknown=1                                             4
    page_books              ?languageIn=en&authorIdIn={author}                           4
    page_authors                                                                         1
    page_publishers                                                                      1
    page_series                                                                          1
    page_tags                                                                            1
    page_author             slug=homer                                                   3
    page_publisher          slug=sort-of-books                                           2
    page_one_series         slug=moomins                                                 3
    page_tag                id={tag}                                                     2
    page_new_author                                                                      0
    page_new_publisher                                                                   0
    page_new_series                                                                      0
    page_new_tag                                                                         0
    page_new_book                                                                        0
    page_edit_book          slug=te0                                                     6
    page_book_files         slug=te0                                                     2
    page_saved_book         slug=te0                                                     5
    page_delete_book        slug=te0                                                     5
    page_merge_author       slug=homer                                                   1
    page_merge_author       slug=homer ?q=virgil                                         4
    page_merge_author       slug=homer ?other={other}                                    3
    page_merge_publisher    slug=sort-of-books                                           1
    page_merge_tag          id={tag}                                                     1
    page_history_author     slug=homer                                                   3
    page_history_book       slug=te0                                                     5
    page_history_publisher  slug=sort-of-books                                           3
    page_history_series     slug=moomins                                                 3
    page_history_tag        id={tag}                                                     3
    page_changes            ?pageSize=1                                                  2
    page_changes            ?requestIdIn=none                                            1
    page_batch              ?q=te*                                                       3
    page_batch_done         ?changed=1&request=none                                      1
    page_edit_author        slug=homer                                                   1
    page_edit_publisher     slug=sort-of-books                                           1
    page_edit_series        slug=moomins                                                 1
    page_edit_tag           id={tag}                                                     1
    page_saved_author       slug=homer ?others=name                                      1
    page_saved_publisher    slug=sort-of-books                                           1
    page_saved_series       slug=moomins                                                 1
    page_saved_tag          id={tag}                                                     1
    page_delete_author      slug=homer                                                   1
    page_delete_publisher   slug=sort-of-books                                           1
    page_delete_series      slug=moomins                                                 1
    page_delete_tag         id={tag}                                                     1
    form_new_author         form:name=New                                                2 commit
    form_new_author         form:name=                                                   0
    form_new_publisher      form:name=New                                                2 commit
    form_new_series         form:name=New                                                2 commit
    form_new_tag            form:name=new                                                2 commit
    form_edit_author        slug=homer form:name=Homerus&was.name=Homer                  2 commit
    form_edit_author        slug=homer form:name=Homeros&was.name=Homer                  1
    form_edit_publisher     slug=sort-of-books form:name=Sort+of                         2 commit
    form_edit_series        slug=moomins form:name=Moomin                                2 commit
    form_edit_tag           id={tag} form:name=wars                                      3 commit
    form_new_book           form:title=New                                               2 commit
    form_new_book           form:title=New+too&contributors.0.name=Virgil&contributors.0.role=author&tags=war&publisher=New  17 commit
    form_edit_book          slug=te0 form:title=Te9                                      8 commit
    form_edit_book          slug=te0 form:title=Te9&was.title=Te9                        7 commit
    form_edit_book          slug=te1 form:title=Te1&was.title=Te1&tags=war               13 commit
    form_edit_book          slug=te0 form:title=Te9&was.title=Te9&take.cover=nothing     9 commit
    form_add_ebook          slug=te0 form:                                               0
    form_add_ebook          slug=te0 form:ebook=0000000000000000000000000000000000000000000000000000000000000000   4
    form_remove_file        slug=te0 id={nobody} form:                                   2
    form_merge_author       slug=homer form:other={other}                                11 commit
    form_merge_publisher    slug=sort-of-books form:other={publisher2}                   7 commit
    form_merge_tag          id={tag} form:other={tag2}                                   11 commit
    form_batch              form:add_tags=new&book.{book}=on                             2
    form_batch              form:add_tags=new                                            0
    form_batch_apply        form:clear_language=on&clear_publisher=on&book.{book}=on     1 commit
    form_batch_apply        form:add_tags=new&language=sv&book.{book}=on&book.{book2}=on 7 commit
    form_undo               form:request_id=none                                         1
    form_undo               form:back=ui/                                                0
    form_delete_book        slug=te2 form:name=x                                         2 commit
    form_delete_author      slug=fagles form:name=x                                      2
    form_delete_author      slug=free form:name=x                                        3 commit
    form_delete_publisher   slug=sort-of-books form:name=x                               3 commit
    form_delete_series      slug=moomins form:name=x                                     2 commit
    form_delete_tag         id={tag} form:name=x                                         2 commit
    page_sign_in                                                                         0
    page_sign_out                                                                        0
    page_password                                                                        0
    page_second_factor                                                                   0
    page_me                                                                              0
    page_end_session        id={nobody}                                                  0
    page_end_other_sessions                                                              0
    form_end_session        id={nobody} form:current_password=x                          0
    form_end_other_sessions  form:current_password=x                                     0
    page_new_own_token                                                                   0
    form_new_own_token      form:label=x&days=7&scope.catalogue:read=on                  0
    page_new_token          id={account}                                                 0
    form_new_token          id={account} form:label=x&days=7&scope.catalogue:read=on     1 commit
    form_revoke_token       id={token} form:                                             2 commit
    page_manage                                                                          0
    page_first_account                                                                   0
    page_accounts                                                                        1
    page_new_account                                                                     0
    form_new_account        form:name=new&kind=person&role=reader                        1 alone
    page_account            id={account}                                                 2
    page_delete_account     id={account}                                                 1
    form_account            id={account} form:role=editor&active=false                   2 commit
    form_delete_account     id={nobody} form:name=x                                      1
    page_policy                                                                          1
    form_policy             form:role=reader                                             1 commit
    page_security_events                                                                 1
    page_health                                                                          4
    page_jobs                                                                            1
    page_job                id={nobody}                                                  1
    form_cancel_job         id={nobody} form:                                            1
    page_imports                                                                         1
    page_new_import                                                                      0
    form_new_import         file:title-                                                  7 commit
    page_import             id={nobody}                                                  1
    form_preview_import     id={nobody} form:strict=                                     1
    form_start_import       id={nobody} form:strict=                                     1
    form_undo_import        id={nobody} form:                                            1
    form_delete_import      id={nobody} form:                                            1
    page_rejects            id={nobody}                                                  1
    page_export             ?format=csv&ids={nobody}                                     1
    ui_sign_in              form:name=tove&password=wrong                                5 commit
    ui_sign_out             form:                                                        0
    ui_password             form:current_password=x&new_password=y                       0
    ui_second_factor        form:current_password=x                                      0
    ui_second_factor_confirm  form:code=123456                                           0
    ui_second_factor_remove form:current_password=x&code=123456                          0
    opds_get                                                                             1
    opds_get_search                                                                      0
    opds_list_books                                                                      6
    opds_list_books         ?ids={book}                                                  6
    opds_list_authors                                                                    3
    opds_2_get                                                                           0
    opds_2_list_books       ?ids={book}                                                  6
    opds_2_get_book         id={book}                                                    5
    opds_2_list_authors                                                                  2
    opds_2_list_found       ?query=te*                                                   8
    me_read                                                                              0
    accounts_list                                                                        1
    accounts_get            id={account}                                                 1
    accounts_create         {{"name":"new"}}                                             1 alone
    accounts_change         id={account} {{"role":"editor"}}                             1 alone
    accounts_delete         id={account}                                                 1 alone
    tokens_list                                                                          1
    tokens_get              id={token}                                                   1
    tokens_create           {{"label":"New","account_id":"{account}"}}                   1 alone
    tokens_delete           id={token}                                                   2 alone
    books_list_files        id={book}                                                    2
    books_add_file          id={book} ?kind=cover file:GIF89a-                           7 commit
    books_get_file          book_id={book} id={file}                                     1
    books_get_file_details  book_id={book} id={file}                                     1
    books_get_file_copy     book_id={book} id={file} name=none                           0
    books_get_file_copy     book_id={book} id={file} name=small.webp                     1
    books_replace_file      book_id={book} id={file} ?kind=cover file:GIF89a-            6 commit
    books_delete_file       book_id={book} id={file}                                     1 commit
    imports_list                                                                         1
    imports_get             id={nobody}                                                  1
    imports_list_rejects    id={nobody}                                                  1
    imports_create          file:title-                                                  7 commit
    imports_delete          id={nobody}                                                  1
    imports_preview         id={nobody}                                                  1
    imports_start           id={nobody} {{"strict":true}}                                1
    exports_create          ?format=csv                                                  2 commit
    exports_read_file       id={nobody}                                                  1
    imports_undo            id={nobody}                                                  1
    jobs_list                                                                            1
    jobs_get                id={nobody}                                                  1
    jobs_cancel             id={nobody}                                                  1
    changes_list            ?resourceIn=books&viaIn=anonymous                            1
    changes_list            ?pageSize=1                                                  1
    authors_list_changes    id={author}                                                  1
    authors_list_changes    id={nobody}                                                  3
    books_list_changes      id={book}                                                    1
    publishers_list_changes id={publisher}                                               1
    series_list_changes     id={series}                                                  1
    tags_list_changes       id={tag}                                                     1
    security_events_list                                                                 1
    changes_undo            {{"request_id":"never"}}                                     1
    changes_undo            {{"change_id":999999}}                                       1
"""  # noqa: E501 - a table
LINES = [line for line in (line.strip() for line in TABLE.splitlines()) if line]


def told(counts: Counts) -> str:
    return f"{len(counts.statements)} commit" if counts.commits else f"{len(counts.statements)}"


_PARAMETERS = ("id=", "book_id=", "slug=", "name=", "digest=")


async def ask(api: Api, found: Catalogue, line: str) -> tuple[Response, Counts, list[str]]:
    """Call the operation of a line; return the response, the counts, and what the line expects."""
    ids = {
        "author": found.authors[0], "other": found.authors[1], "fagles": found.authors[2], "free": found.authors[3],
        "free2": found.authors[4], "book": found.books[0], "book2": found.books[1], "single": found.books[2],
        "tag": found.tags[0], "tag2": found.tags[1], "nobody": NOBODY, "publisher": found.publishers[0],
        "publisher2": found.publishers[1], "series": found.series[0],
        "account": found.account, "token": found.token, "file": found.file,
    }  # fmt: skip
    asked, expected = line, []
    while asked.split()[-1] in ("alone", "commit", *map(str, range(20))):
        asked, _, last = asked.rpartition(" ")
        expected.insert(0, last)
        asked = asked.rstrip()
    name, *rest = asked.format(**ids).split()
    body = next((json.loads(part) for part in rest if part.startswith("{")), None)
    query = next((part[1:] for part in rest if part.startswith("?")), "")
    file = next((part.removeprefix("file:") for part in rest if part.startswith("file:")), None)
    match = next((part.removeprefix("If-Match:") for part in rest if part.startswith("If-Match:")), "")
    form = next((part.removeprefix("form:") for part in rest if part.startswith("form:")), None)
    parameters = dict(part.split("=", 1) for part in rest if part.startswith(_PARAMETERS))
    response, counts = await api.call(name, body, query, match, form=form, file=file, **parameters)
    return response, counts, expected


async def check(api: Api, found: Catalogue, line: str) -> None:
    """Call the operation of a line, and compare its statements."""
    response, counts, expected = await ask(api, found, line)
    assert response.status != 500
    if line.startswith("tags_set_names") and api.twin.backend == "postgresql":
        # SQLite has no lock to wait for: all writers wait for each other.
        expected[0] = str(int(expected[0]) + 1)
    if expected[-1] == "alone":
        expected[1:] = ["commit"] * (api.twin.backend == "sqlite")
    assert told(counts) == " ".join(expected), "\n".join((line, *counts.statements))
    assert (response.status < 400) or counts.commits == 0 or " form:" in line


FORMS = [line for line in LINES if line.startswith("form_")]
READS = [line for line in LINES if re.match(r"(health|me|metrics|documents|page)_|\w+?_(get|list)", line)]
CHANGES = [line for line in LINES if line not in (*READS, *FORMS)]


async def test_a_read_takes_as_many_statements_as_the_table_says(api: Api):
    found = await catalogue(api)
    for line in READS:
        await check(api, found, line)


async def test_a_form_takes_as_many_statements_as_the_table_says(api: Api):
    found = await catalogue(api)
    for line in FORMS:
        await check(api, found, line)


@pytest.mark.parametrize("line", CHANGES, ids=lambda line: " ".join(line.replace("{", "").replace("}", "").split()[:2]))
async def test_a_change_takes_as_many_statements_as_the_table_says(api: Api, line: str):
    await check(api, await catalogue(api), line)


async def test_a_key_takes_two_statements_more_or_three_on_sqlite_and_a_repetition_two(api: Api):
    whole = {"sqlite": {"authors_create": 4, "tags_create": 4}, "postgresql": {"authors_create": 3, "tags_create": 3}}
    for name, number in whole[api.twin.backend].items():
        response, first = await api.call(name, {"name": "new"}, key=name)
        again, second = await api.call(name, {"name": "new"}, key=name)
        other, third = await api.call(name, {"name": "newer"}, key=name)
        assert (response.status, again.body, other.status) == (201, response.body, 422)
        assert (told(first), told(second), told(third)) == (f"{number} commit", "2 commit", "2")


def test_every_operation_is_in_the_table():
    from diptych.core.aio.operations import OPERATIONS  # noqa: PLC0415

    assert {line.split()[0] for line in LINES} == {operation.name for operation in OPERATIONS}


@pytest.mark.parametrize("size", [10, 300])
async def test_batches_take_as_many_statements_however_large_they_are(api: Api, size: int):
    people = {"items": [{"name": f"N{number}", "dob": None} for number in range(size)]}
    _, created = await api.call("authors_upsert_batch", people)
    assert told(created) == "3 commit"
    _, unchanged = await api.call("authors_upsert_batch", people)
    assert told(unchanged) == "1 commit"


@pytest.mark.parametrize("size", [2, 60])
async def test_new_first_authors_for_many_books_take_as_many_statements_as_for_two(api: Api, size: int):
    people = [{"name": f"N{number}"} for number in range(size)]
    authors = (await api.made("authors_create_batch", {"items": people}))["items"]
    books = [{"title": f"T{number}", "author_id": authors[0]["id"]} for number in range(size)]
    made = (await api.made("books_create_batch", {"items": books}))["items"]
    changes = [{"id": made[number]["id"], "author_id": authors[-1]["id"]} for number in range(size)]
    _, counts = await api.call("books_change_batch", {"items": changes})
    assert told(counts) == "4 commit"
