//! `millwright sql`, on a stopped plant and a running one; and the line that says where psql finds it.

use super::*;

#[test]
fn sql_answers_from_the_folder_and_from_the_running_plant() {
    let data = Data::new();
    let sql = "SELECT plant_name, 1.5 AS number FROM plants";
    for (format, wanted) in [("csv", "plant_name,number\nTest Works,1.5\n"), ("json", "\"data\":[{\"plant_name\":\"Test Works\",\"number\":1.5}]"), ("table", "| Test Works | 1.5")]
    {
        let output = run(&["sql", sql, "--data", &data.text(), "--format", format]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains(wanted), "{format}: {text} {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(run(&["sql", sql, "--data", &data.text(), "--format", "parquet"]).stdout[..4], *b"PAR1");
    let wrong = run(&["sql", "DELETE FROM plants", "--data", &data.text()]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("read-only"));
    let running = data.serve();
    let output = run(&["sql", sql, "--url", &running.url, "--token", &data.token, "--format", "csv"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "plant_name,number\nTest Works,1.5\n");
    assert_eq!(run(&["sql", sql, "--data", &data.text()]).status.code(), Some(75), "the folder is in use");
}

#[test]
fn a_served_plant_says_where_clients_of_postgresql_find_it() {
    let data = Data::new();
    let mut child = command(&["serve", "--data", &data.text(), "--http", "127.0.0.1:0", "--sql", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut http, mut sql) = (String::new(), String::new());
    out.read_line(&mut http).unwrap();
    out.read_line(&mut sql).unwrap();
    let place = sql.trim().strip_prefix("sql listening on postgres://").map(str::parse::<SocketAddr>);
    let connected = place.map(|place| std::net::TcpStream::connect(place.unwrap()).is_ok());
    _ = child.kill();
    _ = child.wait();
    assert_eq!(connected, Some(true), "{http}{sql}");
}
