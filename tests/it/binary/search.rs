//! The search index of a served plant: it goes on where it stood, and makes itself anew when it
//! cannot.

use std::fs;

use serde_json::json;

use super::*;

fn receive(client: &mut Client, lot: &str, heat: &str) {
    let receipt = json!({"transaction_type": "receipt", "material_code": "SHEET", "lot_number": lot, "heat_number": heat, "quantity": 1});
    client.make("/api/v1/material-transactions", &receipt);
}

fn indexed(client: &mut Client) -> u64 {
    client.read("/api/v1/search?q=nothing")["indexed_seq"].as_u64().unwrap()
}

/// Waits until the index has read the whole journal.
fn caught_up(client: &mut Client) {
    let head = client.read("/readyz")["head"]["seq"].as_u64().unwrap();
    until("the index reads the journal", || (indexed(client) >= head).then_some(()));
}

fn lots(client: &mut Client, typed: &str) -> Vec<String> {
    let hits = client.read(&format!("/api/v1/search?q={typed}&kind=lot"));
    hits["data"].as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap().split(' ').next().unwrap().to_owned()).collect()
}

/// A plant with two lots of a heat, indexed and stopped.
fn stopped() -> Data {
    let data = Data::new();
    let running = data.serve();
    let mut client = running.client();
    furnish(&mut client);
    receive(&mut client, "COIL-1", "H-555");
    receive(&mut client, "COIL-2", "H-555");
    caught_up(&mut client);
    assert_eq!(lots(&mut client, "h555"), ["COIL-2", "COIL-1"]);
    assert!(client.get("/metrics").text().contains("millwright_search_indexed_seq"));
    assert_eq!(running.stop(), 0);
    data
}

fn folder(data: &Data) -> PathBuf {
    data.path().join("search")
}

/// Serves it, and it finds the lots by what only the index knows: parts of a number beyond the journal's last entries.
fn finds_again(data: &Data) {
    let running = data.serve();
    let mut client = running.client();
    caught_up(&mut client);
    assert_eq!(lots(&mut client, "555"), ["COIL-2", "COIL-1"]);
    receive(&mut client, "COIL-3", "H-555");
    caught_up(&mut client);
    assert_eq!(lots(&mut client, "555"), ["COIL-3", "COIL-2", "COIL-1"]);
    assert_eq!(running.stop(), 0);
}

/// The greatest file of the index, and one whose name says what it is.
fn files(data: &Data) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder(data)).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.metadata().unwrap().len() > 0).collect();
    files.sort();
    files
}

#[test]
fn an_index_goes_on_where_it_stood() {
    let data = stopped();
    let made = fs::read_to_string(folder(&data).join("meta.json")).unwrap();
    let running = data.serve();
    let mut client = running.client();
    caught_up(&mut client);
    let after = fs::read_to_string(folder(&data).join("meta.json")).unwrap();
    assert_eq!(after, made, "the index was written anew though nothing had happened");
    assert_eq!(running.stop(), 0);
    finds_again(&data);
}

#[test]
fn a_deleted_foreign_or_older_index_is_made_anew_by_itself() {
    let data = stopped();
    fs::remove_dir_all(folder(&data)).unwrap();
    finds_again(&data);

    let other = stopped();
    fs::remove_dir_all(folder(&other)).unwrap();
    copy(&folder(&data), &folder(&other));
    finds_again(&other);

    let older = stopped();
    let meta = folder(&older).join("meta.json");
    let text = fs::read_to_string(&meta).unwrap();
    let payload = text.find("\"payload\": \"1 ").unwrap_or_else(|| panic!("{text}"));
    fs::write(&meta, format!("{}\"payload\": \"0 {}", &text[..payload], &text[payload + 14..])).unwrap();
    finds_again(&older);
}

#[test]
fn any_damaged_file_of_the_index_makes_it_anew() {
    let data = stopped();
    let count = files(&data).len();
    assert!(count > 4, "{:?}", files(&data));
    for at in 0..count {
        for cut in [false, true] {
            let all = files(&data);
            let path = &all[at.min(all.len() - 1)];
            let mut bytes = fs::read(path).unwrap();
            if cut {
                bytes.truncate(bytes.len() / 2);
            } else {
                let middle = bytes.len() / 2;
                bytes[middle..].iter_mut().take(8).for_each(|byte| *byte ^= 0x5a);
            }
            fs::write(path, bytes).unwrap();
            let running = data.serve();
            let mut client = running.client();
            caught_up(&mut client);
            assert_eq!(lots(&mut client, "555"), ["COIL-2", "COIL-1"], "after damage to {} (cut: {cut})", path.display());
            assert_eq!(running.stop(), 0);
        }
    }
}

#[test]
fn killed_at_any_moment_the_index_goes_on_from_its_cursor() {
    let data = stopped();
    let mut wanted: Vec<String> = vec!["COIL-2".to_owned(), "COIL-1".to_owned()];
    for cycle in 0..6 {
        let running = data.serve();
        let mut client = running.client();
        for at in 0..=cycle * 7 {
            let lot = format!("KILL-{cycle}-{at}");
            receive(&mut client, &lot, "H-555");
            wanted.insert(0, lot);
        }
        running.signal(rustix::process::Signal::KILL);
        drop(running);
    }
    let running = data.serve();
    let mut client = running.client();
    caught_up(&mut client);
    let hits = client.read("/api/v1/search?q=555&kind=lot&limit=100");
    let found: Vec<String> = hits["data"].as_array().unwrap().iter().map(|hit| hit["title"].as_str().unwrap().split(' ').next().unwrap().to_owned()).collect();
    wanted.truncate(100);
    assert_eq!(found, wanted);
    assert_eq!(running.stop(), 0);
    data.verified();
}

#[test]
fn a_restored_plant_makes_its_own_index() {
    let data = stopped();
    let file = data.folder.path().join("b.mwb");
    let restored = data.folder.path().join("restored");
    let (file, restored) = (file.to_str().unwrap(), restored.to_str().unwrap());
    assert_eq!(run_json(&["backup", file, "--data", &data.text()], "").0, 0);
    assert_eq!(run_json(&["restore", file, "--data", restored], "").0, 0);
    assert!(!Path::new(restored).join("search").exists());
    let running = Running::start(&["serve", "--data", restored, "--http", "127.0.0.1:0"], Some(&data.token));
    let mut client = running.client();
    caught_up(&mut client);
    assert_eq!(lots(&mut client, "555"), ["COIL-2", "COIL-1"]);
    assert_eq!(running.stop(), 0);
}

#[test]
fn the_command_line_searches_a_folder_and_a_running_plant_alike() {
    let data = stopped();
    fs::remove_dir_all(folder(&data)).unwrap();
    let (code, here) = run_json(&["search", "h-555", "--kind", "lots", "--data", &data.text()], "");
    assert_eq!((code, here["data"][1]["title"].as_str()), (0, Some("COIL-1 SHEET")), "{here}");
    let plain = run(&["search", "coil-1", "555", "--limit", "1", "--data", &data.text()]);
    assert_eq!(String::from_utf8_lossy(&plain.stdout), "lot LOT-000001  COIL-1 SHEET  (lot_number: COIL-1; heat_number: H-555)\n");
    assert_eq!(String::from_utf8_lossy(&run(&["search", "xylophone", "--data", &data.text()]).stdout), "nothing was found\n");
    for (arguments, code) in [(&["search"][..], 2), (&["search", "colour:red"], 2), (&["search", "x", "--kind", "cars"], 2), (&["search", "x", "--limit", "0"], 2)] {
        assert_eq!(run(&[arguments, &["--data", &data.text()]].concat()).status.code(), Some(code), "{arguments:?}");
    }
    let running = data.serve();
    caught_up(&mut running.client());
    let (code, there) = run_json(&["search", "h-555", "--kind", "lots", "--url", &running.url, "--token", &data.token], "");
    assert_eq!((code, &there["data"]), (0, &here["data"]));
    assert_eq!(running.stop(), 0);
}
