"""Bearer tokens of an identity provider: JWT access tokens (RFC 9068), whose keys OpenID Connect Discovery finds.

The modules that need joserfc, of the extra `oidc`, are imported where a provider is configured.
"""
