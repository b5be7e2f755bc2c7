//! `Content-Encoding` of requests: inflates compressed bodies.

use std::io::{self, Read};

use axum::http::{HeaderMap, HeaderValue, header};
use denizen_domain::{BadRequest, Error};
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::error::{ApiError, ApiResult, Unsupported};

/// The encodings of bodies, for `Accept-Encoding`.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, deflate");

/// Returns a body without its `Content-Encoding`: gzip or deflate.
///
/// Fails with [`ApiError::UnsupportedMediaType`] for another encoding or several, with [`ApiError::PayloadTooLarge`] if
/// the result exceeds the limit, and with [`BadRequest::InvalidJson`] if the body is not in its encoding.
pub(crate) fn inflated(headers: &HeaderMap, body: Vec<u8>, limit: usize) -> ApiResult<Vec<u8>> {
    let encoding = encoding_of(headers);
    match encoding.as_str() {
        // Some clients name an encoding also where they send nothing.
        _ if body.is_empty() => Ok(body),
        "" => Ok(body),
        "gzip" | "x-gzip" => within(limit, MultiGzDecoder::new(&*body), "gzip"),
        "deflate" => within(limit, ZlibDecoder::new(&*body), "deflate"),
        _ => Err(ApiError::UnsupportedMediaType(Unsupported::Encoding(encoding))),
    }
}

/// Returns the encodings in lower case, without `identity`, which means none.
fn encoding_of(headers: &HeaderMap) -> String {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    let all = texts.collect::<Vec<_>>().join(",");
    let encodings = all.split(',').map(str::trim).filter(|encoding| !matches!(*encoding, "" | "identity"));
    encodings.collect::<Vec<_>>().join(", ")
}

/// Reads at most one byte beyond the limit, however large the result would be.
fn within(limit: usize, decoder: impl Read, encoding: &str) -> ApiResult<Vec<u8>> {
    let broken = |error: io::Error| {
        Error::BadRequest(BadRequest::InvalidJson(format!("The body is not valid {encoding}: {error}.")))
    };
    let mut body = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut body).map_err(broken)?;
    if body.len() > limit { Err(ApiError::PayloadTooLarge { limit }) } else { Ok(body) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

    use super::*;

    const LIMIT: usize = 1000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(encoding: &str, body: &[u8]) -> ApiResult<Vec<u8>> {
        let header = (header::CONTENT_ENCODING, HeaderValue::from_str(encoding).unwrap());
        inflated(&HeaderMap::from_iter([header]), body.to_vec(), LIMIT)
    }

    #[test]
    fn inflates_gzip_and_deflate() {
        let text = b"{\"name\":\"jane\"}";
        let twice = [gzip(b"{\"name\":"), gzip(b"\"jane\"}")].concat();
        for (encoding, body) in [
            ("gzip", &gzip(text)),
            ("GZip", &gzip(text)),
            ("x-gzip", &twice),
            ("identity, gzip", &gzip(text)),
            ("deflate", &deflate(text)),
            ("identity", &text.to_vec()),
            ("", &text.to_vec()),
        ] {
            assert_eq!(inflate(encoding, body).unwrap(), text, "{encoding}");
        }
        assert_eq!(inflate("br", b"").unwrap(), b"");
        assert_eq!(inflated(&HeaderMap::new(), text.to_vec(), LIMIT).unwrap(), text);
    }

    #[test]
    fn limits_what_is_inflated() {
        assert_eq!(inflate("gzip", &gzip(&[b' '; LIMIT])).unwrap().len(), LIMIT);
        for body in [gzip(&[b' '; LIMIT + 1]), gzip(&vec![0; 1_000_000]), gzip(&[b' '; 600]).repeat(2)] {
            assert!(matches!(inflate("gzip", &body), Err(ApiError::PayloadTooLarge { limit: LIMIT })));
        }
    }

    #[test]
    fn rejects_broken_bodies_and_other_encodings() {
        let whole = gzip(b"{}");
        let (cut, trailing) = (&whole[..whole.len() - 1], [&whole[..], b"x"].concat());
        for (encoding, body) in [
            ("gzip", &b"{}"[..]),
            ("gzip", cut),
            ("gzip", &trailing),
            ("deflate", &whole),
            ("deflate", b"{}"),
        ] {
            let Err(ApiError::Domain(error)) = inflate(encoding, body) else {
                panic!("{encoding}: {body:?}")
            };
            assert!(matches!(*error, Error::BadRequest(BadRequest::InvalidJson(_))), "{error}");
        }
        for encoding in ["br", "zstd", "compress", "gzip, gzip", "deflate, gzip", "aws-chunked", "utf-8"] {
            let refused = inflate(encoding, b"{}");
            let Err(ApiError::UnsupportedMediaType(Unsupported::Encoding(named))) = refused else {
                panic!("{encoding}")
            };
            assert_eq!(named, encoding);
        }
    }
}
