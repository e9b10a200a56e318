//! `BatchShowPhoneConnectInfos`: how to connect to phones.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::{chance, refusal::Refusal, work::Work};

const CLIENT_TYPES: [&str; 6] = ["ANDROID", "WINDOWS", "H5_MOBILE", "H5_PC", "IOS", "iOS"];

impl Work<'_> {
    /// `BatchShowPhoneConnectInfos`.
    pub(crate) fn connect_infos(&mut self) -> Result<Value, Refusal> {
        if !CLIENT_TYPES.contains(&self.text("client_type")) {
            return Err(Refusal::of("CPS.0116"));
        }
        let targets = self.targets("phone_ids");
        self.check_count(targets.len())?;
        let (mut connect_infos, mut errors) = (Vec::new(), Vec::new());
        for target in targets {
            let phone_id = target.as_str().unwrap_or_default();
            match self.access_info(phone_id) {
                Ok(info) => {
                    connect_infos.push(json!({ "phone_id": self.name_of(phone_id), "access_info": info }));
                }
                Err(Refusal { code, message, .. }) => errors.push(
                    json!({ "phone_id": self.name_of(phone_id), "error_code": code, "error_msg": message }),
                ),
            }
        }
        Ok(json!({
            "connect_infos": self.in_order(connect_infos),
            "errors": self.in_order(errors),
        }))
    }

    /// What opens a connection; each call gets another session.
    fn access_info(&mut self, phone_id: &str) -> Result<Value, Refusal> {
        let (now, seed) = (self.now, self.seed);
        let phone = self.state.phones.named(phone_id)?;
        // What the page prints for a phone that cannot be connected to.
        if phone.check_running(now).is_err() {
            return Err(Refusal::of("CPS.0018"));
        }
        let mut rng = chance::rng(seed, self.request_id, &[phone.ordinal()]);
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(json!({
            "access_ip": "203.0.113.1",
            "intranet_ip": "172.31.0.1",
            "access_ipv6": "2001:db8::1",
            "access_port": phone.access_port(),
            "session_id": format!("{:032x}", rng.u128(..)),
            "timestamp": since.as_millis().to_string(),
            "ticket": format!("{:032x}{:032x}", rng.u128(..), rng.u128(..)),
        }))
    }
}
