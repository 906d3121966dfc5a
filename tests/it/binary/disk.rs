//! A disk that fills up: writes are refused with the reason, reads and holds go on, and room makes
//! everything work again without a restart.
#![allow(clippy::print_stdout)]

use serde_json::json;

use super::*;

/// A small disk of its own; unmounted when the test is over.
pub(super) struct Disk(pub(super) TempDir);

impl Disk {
    pub(super) fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=180m", "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What is left mounted is seen in the temporary folder that cannot be removed.
        _ = Command::new("umount").args(["-l".as_ref(), self.0.path().as_os_str()]).status();
    }
}

fn free(path: &Path) -> u64 {
    let stat = rustix::fs::statvfs(path).unwrap();
    stat.f_bavail * stat.f_frsize
}

pub(super) fn fill(path: &Path, leave: u64) {
    let file = std::fs::File::create(path.join("filler")).unwrap();
    let bytes = free(path).saturating_sub(leave);
    rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes).unwrap();
}

#[test]
fn a_full_disk_refuses_writes_with_its_reason_and_room_makes_them_work_again() {
    let Some(disk) = Disk::mount() else {
        println!("skipped: no small disk can be mounted here");
        return;
    };
    let root = disk.0.path().to_path_buf();
    let data = Data::under(tempfile::tempdir_in(&root).unwrap());
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    let body = json!({"product_id": "BRACKET", "planned_quantity": 1});
    let first = client.make("/api/v1/work-orders", &body)["work_order_id"].as_str().unwrap().to_owned();
    let mut keys = 0;
    let mut order = |client: &mut Client| {
        keys += 1;
        let key = format!("order-{keys}");
        (client.ask("POST", "/api/v1/work-orders", &[("Idempotency-Key", &key)], &body), key)
    };
    let mut made = 1;
    for leave in [40 << 20, 0] {
        fill(&root, leave);
        let mut unknown = Vec::new();
        let refused = until("a write is refused for want of space", || {
            let (reply, key) = order(&mut client);
            match reply.status {
                507 => return Some(reply),
                201 => made += 1,
                // The space is looked at twice a second: until then a commit may meet the full disk itself.
                _ => unknown.extend((reply.code() == "outcome_unknown").then_some(key)),
            }
            None
        });
        assert_eq!(refused.code(), "no_space", "{}", refused.text());
        assert!(refused.json()["detail"].as_str().unwrap().contains("make room"));
        assert_eq!(client.get("/readyz").status, 507);
        assert_eq!(client.get(&format!("/api/v1/work-orders/{first}")).status, 200);
        assert_eq!(client.read("/api/v1/verify")["ok"], true);
        if leave > 0 {
            client.make(&format!("/api/v1/work-orders/{first}/hold"), &json!({"reason": "the disk is full"}));
            let session = Client::of_url(&running.url, None).post("/api/v1/session", &json!({"user_name": "admin", "password": PASSWORD}));
            assert_eq!(session.status, 201, "nobody gets in: {}", session.text());
        }
        std::fs::remove_file(root.join("filler")).unwrap();
        until("a write is taken again", || (order(&mut client).0.status == 201).then_some(()));
        made += 1;
        assert_eq!(client.get("/readyz").status, 200);
        for key in unknown {
            let reply = client.ask("POST", "/api/v1/work-orders", &[("Idempotency-Key", &key)], &body);
            assert_eq!(reply.status, 201, "{}", reply.text());
            made += 1;
        }
        assert_eq!(client.read("/api/v1/work-orders?limit=1000")["data"].as_array().unwrap().len(), made, "orders that were refused were made, or the other way round");
    }
    assert_eq!(running.stop(), 0);
    data.verified();
}
