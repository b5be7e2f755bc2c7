//! Asks a system for tokens, by OAuth 2.0.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use denizen_domain::{AuthConfig, ClientAuthentication, Error, OAuthSettings, OAuthTokens, Result, Source};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::outgoing::{OutgoingClient, OutgoingOutcome, OutgoingRequest};

/// How long a system may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// How much of an answer is read, in bytes.
const MAXIMUM_ANSWER: usize = 64 * 1024;

/// How long the code of an error may be, in characters.
const MAXIMUM_CODE: usize = 60;

/// The system behind an auth config.
pub(super) struct Provider {
    client: OutgoingClient,
    source: Source,
    settings: OAuthSettings,
    client_secret: Option<SecretString>,
}

/// Why a system has issued no token.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It does not want to, and will not later: the code of its error, or what is wrong with its answer.
    Refused(String),
    /// It cannot be reached, or not now.
    Unreachable(String),
}

impl Refusal {
    /// Returns why, in a sentence for whoever looks at the connected account.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Refused(code) => format!("The system refused: {code}."),
            Self::Unreachable(_) => "The system could not be reached.".to_owned(),
        }
    }
}

/// Why a request got no answer that counts. Its text may contain what a system answered, so it is only for the log.
#[derive(Debug)]
struct NoAnswer(String);

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NoAnswer {}

/// A client that knows both endpoints.
type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

impl Provider {
    /// Creates the system of an auth config, with the secret of its client. Fails for other schemes than OAuth 2.0.
    pub(super) fn new(
        client: &OutgoingClient,
        source: &Source,
        config: &AuthConfig,
        client_secret: Option<SecretString>,
    ) -> Result<Self> {
        let settings = config.settings.oauth.clone();
        let settings = settings.ok_or_else(|| {
            Error::Internal(format!("the auth config {} has no settings of OAuth 2.0", config.id))
        })?;
        Ok(Self { client: client.clone(), source: source.clone(), settings, client_secret })
    }

    fn client(&self) -> Result<Client> {
        let settings = &self.settings;
        let broken = |error| Error::Internal(format!("a stored URL of an auth config is broken: {error}"));
        let client = BasicClient::new(ClientId::new(settings.client_id.clone()))
            .set_auth_uri(AuthUrl::new(settings.authorization_url.clone()).map_err(broken)?)
            .set_token_uri(TokenUrl::new(settings.token_url.clone()).map_err(broken)?)
            .set_auth_type(match settings.client_authentication {
                ClientAuthentication::ClientSecretBasic => AuthType::BasicAuth,
                ClientAuthentication::ClientSecretPost | ClientAuthentication::None => AuthType::RequestBody,
            });
        Ok(match &self.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
            None => client,
        })
    }

    /// Returns where the user agrees.
    pub(super) fn authorization_url(&self, redirect_url: &str, state: &str, verifier: &str) -> Result<Url> {
        let client = self.client()?.set_redirect_uri(redirect(redirect_url)?);
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let state = CsrfToken::new(state.to_owned());
        let mut request = client.authorize_url(|| state).add_scopes(scopes);
        if self.settings.pkce {
            let verifier = PkceCodeVerifier::new(verifier.to_owned());
            request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        }
        for (name, value) in &self.settings.authorization_parameters {
            request = request.add_extra_param(name.clone(), value.clone());
        }
        Ok(request.url().0)
    }

    /// Exchanges a code for tokens.
    pub(super) async fn exchange(
        &self,
        code: &str,
        redirect_url: &str,
        verifier: &SecretString,
    ) -> Result<Result<OAuthTokens, Refusal>> {
        let client = self.client()?.set_redirect_uri(redirect(redirect_url)?);
        let mut request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        if self.settings.pkce {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
        }
        let send = self.channel().into_sender();
        let answer = request.request_async(&send).await;
        Ok(answer.map(|answer| self.tokens_of(&answer, None)).map_err(|error| refusal(&error)))
    }

    /// Asks for the next tokens. A system that issues no other refresh token goes on with the one that there is.
    pub(super) async fn refresh(&self, tokens: &OAuthTokens) -> Result<Result<OAuthTokens, Refusal>> {
        let Some(refresh_token) = &tokens.refresh_token else {
            return Ok(Err(Refusal::Refused("no refresh token was issued".to_owned())));
        };
        let client = self.client()?;
        let refresh_token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let request = client.exchange_refresh_token(&refresh_token);
        let send = self.channel().into_sender();
        let answer = request.request_async(&send).await;
        Ok(answer.map(|answer| self.tokens_of(&answer, Some(tokens))).map_err(|error| refusal(&error)))
    }

    fn tokens_of(&self, answer: &BasicTokenResponse, before: Option<&OAuthTokens>) -> OAuthTokens {
        let secret = |text: &String| SecretString::from(text.clone());
        let refresh_token = answer.refresh_token().map(|token| secret(token.secret()));
        let scopes = answer
            .scopes()
            .map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
        let now = self.source.clock.now();
        OAuthTokens {
            access_token: secret(answer.access_token().secret()),
            refresh_token: refresh_token.or_else(|| before.and_then(|before| before.refresh_token.clone())),
            scope: scopes.or_else(|| before.and_then(|before| before.scope.clone())),
            ends_at: answer.expires_in().map(|life| now.plus(life)),
        }
    }

    /// Revokes what an account presents. Some systems end both tokens with the one, some do not.
    pub(super) async fn revoke_all(&self, tokens: &OAuthTokens) -> Result<(), Refusal> {
        if let Some(token) = &tokens.refresh_token {
            self.revoke(token, "refresh_token").await?;
        }
        self.revoke(&tokens.access_token, "access_token").await
    }

    /// Revokes a token (RFC 7009). A system that does not know the token has nothing to revoke.
    ///
    /// The library sends such requests to https alone, without regard to the networks that the operator has opened.
    async fn revoke(&self, token: &SecretString, hint: &str) -> Result<(), Refusal> {
        let Some(url) = &self.settings.revocation_url else { return Ok(()) };
        let (headers, body) = self.revocation(token, hint);
        let answer = self.channel().exchange(Method::POST, url, headers, body).await;
        match answer.map_err(|NoAnswer(reason)| Refusal::Unreachable(reason))?.0 {
            200..300 => Ok(()),
            status => Err(Refusal::Refused(format!("the status {status}"))),
        }
    }

    fn revocation(&self, token: &SecretString, hint: &str) -> (HeaderMap, Vec<u8>) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let id = &self.settings.client_id;
        let mut form = Serializer::new(String::new());
        form.append_pair("token", token.expose_secret()).append_pair("token_type_hint", hint);
        match (&self.client_secret, self.settings.client_authentication) {
            (Some(secret), ClientAuthentication::ClientSecretBasic) => {
                headers.insert(AUTHORIZATION, basic(id, secret));
            }
            (Some(secret), _) => {
                form.append_pair("client_id", id).append_pair("client_secret", secret.expose_secret());
            }
            (None, _) => {
                form.append_pair("client_id", id);
            }
        }
        (headers, form.finish().into_bytes())
    }

    fn channel(&self) -> Channel {
        Channel { client: self.client.clone(), sent_at: self.source.clock.now().unix_seconds() }
    }
}

/// Sends the requests of a [`Provider`].
#[derive(Clone)]
struct Channel {
    client: OutgoingClient,
    sent_at: i64,
}

impl Channel {
    /// Returns what the library calls to send a request. Answers that say nothing about the request are none.
    fn into_sender(self) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, NoAnswer>> {
        move |request| {
            let channel = self.clone();
            async move {
                let (parts, body) = request.into_parts();
                let url = parts.uri.to_string();
                let (status, headers, body) =
                    channel.exchange(parts.method, &url, parts.headers, body).await?;
                let mut response = HttpResponse::new(body);
                *response.status_mut() =
                    status.try_into().map_err(|_| NoAnswer(format!("the status {status}")))?;
                *response.headers_mut() = headers;
                Ok(response)
            }
            .boxed()
        }
    }

    async fn exchange(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(u16, HeaderMap, Vec<u8>), NoAnswer> {
        let outgoing = OutgoingRequest {
            method,
            url,
            headers,
            body: Bytes::from(body),
            sent_at: self.sent_at,
            limit: PATIENCE,
            maximum_body: MAXIMUM_ANSWER,
        };
        match self.client.send(outgoing).await.outcome {
            OutgoingOutcome::Failed(reason) => Err(NoAnswer(reason.to_string())),
            OutgoingOutcome::Answered { status: status @ (408 | 425 | 429 | 500..), .. } => {
                Err(NoAnswer(format!("the status {status}")))
            }
            OutgoingOutcome::Answered { is_complete: false, .. } => {
                Err(NoAnswer("the answer is too long or too late".to_owned()))
            }
            OutgoingOutcome::Answered { status, headers, body, .. } => Ok((status, headers, body)),
        }
    }
}

/// Returns the header of a client that proves who it is, as RFC 6749 says: both texts are encoded as in forms.
fn basic(id: &str, secret: &SecretString) -> HeaderValue {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
    let value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair)));
    let mut value = value.unwrap_or_else(|_| HeaderValue::from_static("Basic Og=="));
    value.set_sensitive(true);
    value
}

fn redirect(url: &str) -> Result<RedirectUrl> {
    let broken = |error| Error::Internal(format!("the URL of this server is broken: {error}"));
    RedirectUrl::new(url.to_owned()).map_err(broken)
}

/// Returns why there is no token. Says nothing that could contain one.
fn refusal(error: &RequestTokenError<NoAnswer, oauth2::basic::BasicErrorResponse>) -> Refusal {
    match error {
        RequestTokenError::ServerResponse(answer) => Refusal::Refused(code_of(answer.error().as_ref())),
        RequestTokenError::Request(NoAnswer(reason)) => Refusal::Unreachable(reason.clone()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Refusal::Refused("its answer is not that of OAuth 2.0".to_owned())
        }
    }
}

/// Returns the code of an error in a form that can be shown.
pub(super) fn code_of(code: &str) -> String {
    let is_allowed = |character: &char| character.is_ascii_alphanumeric() || "_-.".contains(*character);
    let code: String = code.chars().filter(is_allowed).take(MAXIMUM_CODE).collect();
    if code.is_empty() { "unknown_error".to_owned() } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_an_error_is_harmless() {
        for (code, shown) in [
            ("invalid_grant", "invalid_grant"),
            ("", "unknown_error"),
            ("<script>alert(1)</script>", "scriptalert1script"),
            ("a\r\nb c", "abc"),
        ] {
            assert_eq!(code_of(code), shown, "{code}");
        }
        assert_eq!(code_of(&"a".repeat(1_000)).len(), MAXIMUM_CODE);
    }

    #[test]
    fn a_client_proves_who_it_is_as_in_a_form() {
        let value = basic("a b", &"c:d%".to_owned().into());
        assert_eq!(value.to_str().unwrap(), format!("Basic {}", STANDARD.encode("a+b:c%3Ad%25")));
        assert!(value.is_sensitive());
    }
}
