//! Who may say what: a machine for itself, whoever has a rule what it says, everybody else as before.

use std::time::Duration;

use millwright::adapters::mqtt::broker::Access;
use millwright::model::Noun;
use rumqttc::SubscribeReasonCode;

use super::*;

const MACHINE_TOKEN: &str = "mw_a-token-of-the-laser";

fn options_of(house: &House<'_>, user: &str, token: &str) -> MqttOptions {
    let mut options = house.options(user);
    options.set_credentials(user, token);
    options
}

/// A machine of the plant with a log-in that is called as it is.
fn laser(house: &House<'_>) {
    let engine = &house.site.plant.engine;
    let secretly = |secret: Vec<u8>, command: Command| engine.submit_wait(Envelope { secret: Some(secret), ..by(Role::Admin, command) }).unwrap().subject.number;
    tokio::task::block_in_place(|| {
        house.site.plant.admin(create(Noun::Machine, &[("machine_name", crate::plant::text("Laser")), ("machine_code", crate::plant::text("LASER-1"))])).unwrap();
        let user = secretly(verifier::make(PASSWORD).unwrap(), Command::CreateUser(CreateUser { user_name: "LASER-1".to_owned(), role: Role::Operator, employee_id: None }));
        secretly(token_verifier(MACHINE_TOKEN), Command::CreateApiToken(CreateApiToken { user_id: Id::new(user), token_name: "laser".to_owned(), expires_at: None }));
    });
    house.accounts.refresh().unwrap();
}

/// Whether a message of quality 1 is acknowledged; the connection ends where it is not.
async fn is_taken(guest: &mut Guest, topic: &str) -> bool {
    guest.client.publish(topic, QoS::AtLeastOnce, false, "1").await.unwrap();
    matches!(guest.try_next().await, Ok(Packet::PubAck(_)))
}

#[test]
fn a_machines_own_log_in_speaks_for_that_machine_alone() {
    story(async |house| {
        laser(house);
        let mut laser = Guest::of(options_of(house, "LASER-1", MACHINE_TOKEN)).await;
        assert!(is_taken(&mut laser, "plant/LASER-1/power").await);
        assert_eq!(laser.subscribe("plant/LASER-1/#", QoS::AtLeastOnce).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
        assert_eq!(laser.subscribe("plant/#", QoS::AtLeastOnce).await, SubscribeReasonCode::Failure);
        assert!(!is_taken(&mut laser, "plant/P-1/power").await, "it speaks for another machine");
        assert!(house.site.lane.find("P-1", "power").is_none());
        let mut willing = options_of(house, "LASER-1", MACHINE_TOKEN);
        willing.set_last_will(LastWill::new("plant/P-1/power", "0", QoS::AtLeastOnce, false));
        assert_eq!(refused(willing).await, rumqttc::ConnectReturnCode::NotAuthorized);
        let mut press = house.client("press").await;
        assert!(is_taken(&mut press, "plant/P-1/power").await, "a user who is no machine goes where the role lets it");
    });
}

#[test]
fn whoever_has_a_rule_does_what_it_says_as_long_as_its_connector_runs() {
    story(async |house| {
        let rule: Access = toml::from_str("user = \"press\"\npublish = [\"hall/+/strokes\"]\nsubscribe = [\"andon/#\"]").unwrap();
        let settings: broker::Settings = toml::from_str("[mapping.plain]\nprefix = \"hall\"").unwrap();
        let (stop, stopping) = watch::channel(false);
        let source = house.site.source("hall");
        let taking = tokio::spawn(broker::take(&settings.with_access(vec![rule]), Some(Arc::clone(&house.hub)), Arc::clone(&source), stopping));
        let mut press = house.client("press").await;
        assert!(is_taken(&mut press, "hall/P-1/strokes").await);
        assert_eq!(press.subscribe("andon/+", QoS::AtMostOnce).await, SubscribeReasonCode::Success(QoS::AtMostOnce));
        assert_eq!(press.subscribe("#", QoS::AtMostOnce).await, SubscribeReasonCode::Failure);
        assert!(!is_taken(&mut press, "hall/P-1/tonnage").await);
        assert!(!is_taken(&mut house.client("press").await, "plant/P-1/strokes").await);

        stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(20), taking).await.unwrap().unwrap();
        assert!(is_taken(&mut house.client("press").await, "plant/P-1/strokes").await);
    });
}
