//! Machines as the companion specifications describe them: the makers' own examples, found by
//! browsing from the folder of machines.

use super::*;

const MACHINES: &str = "policy = \"None\"\npublishing_ms = 200\nbrowse = { from = \"nsu=http://opcfoundation.org/UA/Machinery/;i=1001\", depth = 8 }\n";

fn nodesets(names: &[&str]) -> Option<Vec<String>> {
    let root = std::env::var_os("MILLWRIGHT_SHARED").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let paths: Vec<PathBuf> = names.iter().map(|name| root.join("data/protocols/opcua/nodesets").join(name)).collect();
    let there = paths.iter().all(|path| path.exists());
    if !there {
        println!("skipped: there are no nodesets beside the repository (or at MILLWRIGHT_SHARED)");
    }
    there.then(|| paths.iter().map(|path| path.to_str().unwrap().to_owned()).collect())
}

fn found(names: &[&str]) -> Option<(Machine, Listener)> {
    let nodesets = nodesets(names).filter(|_| can_serve())?;
    let port = free_port();
    let machine = Machine::start(port, &nodesets.iter().map(String::as_str).collect::<Vec<_>>());
    let listener = Listener::start(port, MACHINES);
    listener.until_state(State::Live);
    Some((machine, listener))
}

#[test]
fn a_laser_system_is_found_with_its_state() {
    let sets = [
        "Opc.Ua.Di.NodeSet2.xml",
        "Opc.Ua.IA.NodeSet2.xml",
        "Opc.Ua.Machinery.NodeSet2.xml",
        "Opc.Ua.MachineTool.NodeSet2.xml",
        "Opc.Ua.LaserSystems.NodeSet2.xml",
        "LaserSystem-Example.NodeSet2.xml",
    ];
    let Some((mut machine, listener)) = found(&sets) else { return };
    let of = |metric: &str| listener.all("LaserSystem-Example", metric).last().map(|(_, value)| value.clone());
    assert_eq!(of("MachineryBuildingBlocks/MachineryItemState"), Some(word("Executing")));
    assert_eq!(of("MachineryBuildingBlocks/MachineryOperationMode"), Some(word("Processing")));
    assert_eq!(of("Monitoring/LaserSystemStatus/LaserSystemState"), Some(word("LaserReady")));
    assert_eq!(of("Monitoring/LaserSystemStatus/MachineToolsLaserStatus/LaserState"), Some(word("Ready")), "the number of an enumeration has a name");
    assert_eq!(of("Monitoring/ConsumptionData/GasUsage/Value"), Some(Reading::Number(10.0)));
    assert_eq!(of("MachineryBuildingBlocks/OperationCounters/PowerOnDuration"), Some(Reading::Number(442_800_000.0)));
    assert_eq!(listener.lane.find("LaserSystem-Example", "Monitoring/ConsumptionData/GasUsage/Value").unwrap().unit.as_deref(), Some("l/min"));

    let at = now();
    machine.tells("nsu=http://vdma.org/UA/LaserSystem-Example/;i=6003", &json!(["LaserOn"]), at, 0);
    until("the laser is on", || of("Monitoring/LaserSystemStatus/LaserSystemState").filter(|it| *it == word("LaserOn")));
}

#[test]
fn a_press_is_found_with_its_process_values() {
    let sets = [
        "Opc.Ua.Di.NodeSet2.xml",
        "Opc.Ua.IA.NodeSet2.xml",
        "Opc.Ua.Machinery.NodeSet2.xml",
        "Opc.Ua.IRDI.NodeSet2.xml",
        "Opc.Ua.PADIM.NodeSet2.xml",
        "Opc.Ua.Machinery.ProcessValues.NodeSet2.xml",
        "Opc.Ua.MachineTool.NodeSet2.xml",
        "Opc.Ua.MetalForming.NodeSet2.xml",
        "MetalForming_Example.xml",
    ];
    let Some((mut machine, listener)) = found(&sets) else { return };
    assert_eq!(listener.lane.series().len(), 0, "the example has no values, and none is made up");
    let at = now();
    machine.tells("nsu=http://schulergroup.com/UA/example/;i=6052", &json!(["Executing"]), at, 0);
    machine.tells("nsu=http://schulergroup.com/UA/example/;i=6004", &json!([1]), at, 0);
    machine.tells("nsu=http://schulergroup.com/UA/example/;i=6018", &json!([812.5]), at, 0);
    let of = |metric: &str| until(metric, || listener.all("MetalFormingMachine", metric).last().cloned());
    assert_eq!(of("Monitoring/CoolingUnit/MachineryItemState"), (at, word("Executing")));
    assert_eq!(of("Monitoring/MachineTool/OperationMode"), (at, word("Automatic")));
    assert_eq!(of("Monitoring/Slide/ForceInfeed/AnalogSignal"), (at, Reading::Number(812.5)));
}
