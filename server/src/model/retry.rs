//! When to ask again, and how long to wait: the rules of the vendors' own clients, in one place.

use std::time::Duration;

use reqwest::header::HeaderMap;

/// Attempts after the first.
pub(super) const RETRIES: u32 = 2;
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);
const LONGEST_SERVER_WAIT: Duration = Duration::from_secs(60);

/// Whether a status with this body may go away by itself. Exhausted quotas do not.
pub(super) fn may_retry(status: u16, headers: &HeaderMap, body: &str) -> bool {
    const FINAL: [&str; 4] = ["insufficient_quota", "credit_balance_exhausted", "billing_hard_limit", "spend limit"];
    if FINAL.iter().any(|word| body.contains(word)) {
        return false;
    }
    match headers.get("x-should-retry").map(|value| value.as_bytes()) {
        Some(b"true") => true,
        Some(b"false") => false,
        _ => matches!(status, 408 | 409 | 429 | 500..=599),
    }
}

/// How long to wait before attempt `attempt` (from 0): the server's word, else doubling with jitter.
pub(super) fn wait(attempt: u32, headers: Option<&HeaderMap>) -> Duration {
    if let Some(asked) = headers.and_then(server_wait) {
        return asked.min(LONGEST_SERVER_WAIT);
    }
    let full = FIRST_WAIT.saturating_mul(1 << attempt.min(8)).min(LONGEST_WAIT);
    full.mul_f64(0.75 + 0.25 * fastrand::f64())
}

fn server_wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(milliseconds) = text("retry-after-ms").and_then(|value| value.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(milliseconds / 1000.0).ok();
    }
    let value = text("retry-after")?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let left = at.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(left).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .filter_map(|(name, value)| Some((*name, value.parse().ok()?)))
            .map(|(n, v)| (n.parse().unwrap_or(reqwest::header::WARNING), v))
            .collect()
    }

    #[test]
    fn server_words_win() {
        assert_eq!(wait(0, Some(&headers(&[("retry-after-ms", "120"), ("retry-after", "9")]))), Duration::from_millis(120));
        assert_eq!(wait(0, Some(&headers(&[("retry-after", "3")]))), Duration::from_secs(3));
        assert_eq!(wait(0, Some(&headers(&[("retry-after", "86400")]))), LONGEST_SERVER_WAIT);
        assert_eq!(wait(0, Some(&headers(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]))), Duration::ZERO);
    }

    #[test]
    fn waits_double_and_stay_bounded() {
        for attempt in 0..40 {
            let full = 0.5 * 2f64.powi(attempt.min(4));
            let waited = wait(u32::try_from(attempt).unwrap_or(0), None).as_secs_f64();
            assert!(waited <= full.min(8.0) && waited >= full.min(8.0) * 0.75, "attempt {attempt}: {waited}");
        }
    }

    #[test]
    fn exhausted_quota_is_final() {
        assert!(may_retry(429, &headers(&[]), "slow down"));
        assert!(!may_retry(429, &headers(&[]), r#"{"error":{"code":"insufficient_quota"}}"#));
        assert!(!may_retry(400, &headers(&[]), ""));
        assert!(may_retry(400, &headers(&[("x-should-retry", "true")]), ""));
        assert!(!may_retry(503, &headers(&[("x-should-retry", "false")]), ""));
    }
}
