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
fn whoever_has_a_rule_does_what_it_says_as_long_as_its_connector_is_active() {
    story(async |house| {
        let rule: Access = toml::from_str("user = \"press\"\npublish = [\"hall/+/strokes\"]\nsubscribe = [\"andon/#\"]").unwrap();
        let settings: broker::Settings = toml::from_str("[mapping.plain]\nprefix = \"hall\"").unwrap();
        let (_stop, stopping) = watch::channel(false);
        let source = house.site.source("hall");
        tokio::spawn(broker::take(&settings, Some(Arc::clone(&house.hub)), Arc::clone(&source), stopping));
        house.hub.lay_rules(7, Some(vec![rule]));
        let mut press = house.client("press").await;
        assert!(is_taken(&mut press, "hall/P-1/strokes").await);
        assert_eq!(press.subscribe("andon/+", QoS::AtMostOnce).await, SubscribeReasonCode::Success(QoS::AtMostOnce));
        assert_eq!(press.subscribe("#", QoS::AtMostOnce).await, SubscribeReasonCode::Failure);
        assert!(!is_taken(&mut press, "hall/P-1/tonnage").await);
        assert!(!is_taken(&mut house.client("press").await, "plant/P-1/strokes").await);

        house.hub.lay_rules(7, Some(Vec::new()));
        assert!(is_taken(&mut house.client("press").await, "plant/P-1/strokes").await);
    });
}

#[test]
fn a_machine_whose_code_stands_somewhere_in_the_topic_speaks_for_no_other() {
    story(async |house| {
        laser(house);
        let from_json: broker::Settings = toml::from_str(r#"mapping.rules = [{ topic = "cells/+cell", machine = "/machine", metric = "power", value = "/value" }]"#).unwrap();
        let (_stop, stopping) = watch::channel(false);
        tokio::spawn(broker::take(&from_json, Some(Arc::clone(&house.hub)), house.site.source("cells"), stopping));
        // Two messages at once: its own, which is taken in any case, and the one that is asked about.
        let says = async |topic: &str, content: &str| {
            let mut laser = Guest::of(options_of(house, "LASER-1", MACHINE_TOKEN)).await;
            let own = format!("before {}", topic.replace('/', "."));
            laser.client.publish(format!("plant/LASER-1/{own}"), QoS::AtLeastOnce, false, "1").await.unwrap();
            laser.client.publish(topic, QoS::AtLeastOnce, false, content).await.unwrap();
            let acknowledged = [laser.try_next().await, laser.try_next().await];
            assert!(house.site.lane.find("LASER-1", &own).is_some(), "{own}");
            acknowledged.iter().all(|it| matches!(it, Ok(Packet::PubAck(_))))
        };
        assert!(says("umh/v1/works/hall/LASER-1/_historian/power", r#"{"value":1}"#).await);
        assert!(!says("umh/v1/LASER-1/P-1/_historian/power", r#"{"value":1}"#).await);
        assert!(!says("plant/P-1/LASER-1", "1").await);
        for topic in ["spBv1.0/LASER-1/DBIRTH/x/P-1", "spBv1.0/LASER-1/NBIRTH/P-1", "spBv1.0/hall/DDATA/LASER-1/P-1"] {
            assert!(!says(topic, "").await, "{topic}");
        }
        assert!(says("cells/LASER-1", r#"{"machine":"LASER-1","value":1}"#).await);
        assert!(!says("cells/LASER-1", r#"{"machine":"P-1","value":1}"#).await);
        assert!(says("orders/LASER-1/P-1", "nobody makes samples of it").await);
        assert!(house.site.lane.find("P-1", "power").is_none() && house.site.lane.find("P-1", "LASER-1").is_none());
    });
}

#[test]
fn rules_that_are_tightened_end_what_was_granted_before_for_who_is_here_and_who_comes_back() {
    story(async |house| {
        let mut press = house.client("press").await;
        let mut options = house.options("away");
        options.set_clean_session(false);
        let mut away = Guest::of(options.clone()).await;
        for guest in [&mut press, &mut away] {
            assert_eq!(guest.subscribe("pay/#", QoS::AtLeastOnce).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
            assert_eq!(guest.subscribe("andon/#", QoS::AtLeastOnce).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
        }
        away.leave().await;
        house.hub.lay_rules(7, Some(vec![toml::from_str("user = \"press\"\npublish = [\"#\"]\nsubscribe = [\"andon/#\"]").unwrap()]));
        let mut away = Guest::of(options).await;
        assert!(away.known);
        let mut teller = house.client("teller").await;
        teller.publish("pay/roll", "secret").await;
        teller.publish("andon/1", "help").await;
        for guest in [&mut press, &mut away] {
            assert_eq!(guest.hears().await, heard("andon/1", "help", 1, false));
        }
        // The rules of a connector that cannot be read: nobody does what they might forbid.
        house.hub.lay_rules(7, None);
        assert_eq!(press.subscribe("andon/#", QoS::AtLeastOnce).await, SubscribeReasonCode::Failure);
        assert!(!is_taken(&mut teller, "andon/1").await);
    });
}

/// It is sent out by the plant; nothing that it says is kept any more.
async fn is_sent_out(guest: &mut Guest) -> bool {
    guest.try_next().await.is_err()
}

#[test]
fn whoever_loses_its_token_or_its_role_is_sent_out_at_once_and_comes_back_only_as_what_it_is_now() {
    story(async |house| {
        let admin = |command| tokio::task::block_in_place(|| house.site.plant.admin(command)).unwrap();
        let become_role = |role| {
            admin(Command::ChangeUser(ChangeUser { user_id: Id::new(2), role: Some(role), ..ChangeUser::default() }));
            house.accounts.refresh().unwrap();
        };
        house.hub.lay_rules(7, Some(vec![toml::from_str("role = \"lead\"\npublish = [\"hall/#\"]\nsubscribe = [\"hall/#\"]").unwrap()]));
        let (mut press, mut ear) = (house.client("press").await, house.client("ear").await);
        assert_eq!(ear.subscribe("andon/#", QoS::AtLeastOnce).await, SubscribeReasonCode::Success(QoS::AtLeastOnce));
        become_role(Role::Lead);
        assert!(!is_taken(&mut press, "plant/P-1/power").await, "it speaks by the rights that it had as an operator");
        assert!(is_sent_out(&mut ear).await, "it listens by them");
        let mut lead = house.client("ear").await;
        assert!(is_taken(&mut lead, "hall/1").await && lead.subscribe("andon/#", QoS::AtLeastOnce).await == SubscribeReasonCode::Failure);
        become_role(Role::Analyst);
        assert!(is_sent_out(&mut lead).await);
        assert_eq!(refused(house.options("ear")).await, rumqttc::ConnectReturnCode::NotAuthorized);

        become_role(Role::Operator);
        let mut with_password = house.options("by password");
        with_password.set_credentials("press", PASSWORD);
        let (mut with_password, mut with_token) = (Guest::of(with_password).await, house.client("by token").await);
        admin(Command::RevokeApiToken(RevokeApiToken { token_id: Id::new(1) }));
        house.accounts.refresh().unwrap();
        assert!(is_sent_out(&mut with_token).await);
        assert_eq!(refused(house.options("by token")).await, rumqttc::ConnectReturnCode::BadUserNamePassword);
        assert!(is_taken(&mut with_password, "plant/P-1/power").await, "the user's other log-in stays good");
        let new_password = Envelope { secret: Some(verifier::make("another password").unwrap()), ..by(Role::Admin, Command::SetPassword(SetPassword { user_id: Id::new(2) })) };
        tokio::task::block_in_place(|| house.site.plant.engine.submit_wait(new_password)).unwrap();
        house.accounts.refresh().unwrap();
        assert!(is_sent_out(&mut with_password).await, "the old password opens nothing any more");
    });
}

#[test]
fn a_log_in_that_becomes_a_machines_is_judged_as_one_from_then_on() {
    story(async |house| {
        let mut press = house.client("press").await;
        assert!(is_taken(&mut press, "plant/P-1/power").await);
        let machine = create(Noun::Machine, &[("machine_name", crate::plant::text("Press")), ("machine_code", crate::plant::text("press"))]);
        tokio::task::block_in_place(|| house.site.plant.admin(machine)).unwrap();
        assert!(is_sent_out(&mut press).await);
        let mut press = house.client("press").await;
        assert!(is_taken(&mut press, "plant/press/power").await && !is_taken(&mut press, "plant/P-1/power").await);
    });
}

#[test]
fn nobody_is_let_in_before_the_rules_are_there() {
    story(async |house| {
        house.hub.hold();
        let (client, mut network) = AsyncClient::new(house.options("early"), 10);
        assert!(tokio::time::timeout(Duration::from_millis(300), network.poll()).await.is_err(), "it was answered");
        house.hub.lay_rules(7, Some(vec![toml::from_str("role = \"operator\"\nsubscribe = [\"andon/#\"]").unwrap()]));
        house.hub.open();
        drop((client, network));
        assert_eq!(house.client("late").await.subscribe("#", QoS::AtLeastOnce).await, SubscribeReasonCode::Failure);
    });
}
