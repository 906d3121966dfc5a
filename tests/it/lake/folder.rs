//! The folder of exports: replaced whole, shared by plants, and never anybody else's.

use millwright::base::Code;

use super::*;

#[test]
fn a_second_export_replaces_the_first_and_leaves_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fresh) = (folder.path().join("out"), folder.path().join("fresh"));
    let old = lived("Werk Nord", 7);
    export(&old, &out).unwrap();
    let before = tree(&out);
    assert!(before.keys().any(|path| path.to_string_lossy().contains("month=03")) && before.keys().any(|path| path.to_string_lossy().contains("month=04")));
    // The same name, begun anew: months that were there are not there any more.
    let young = named("Werk Nord");
    for manifest in [&fresh, &out].map(|folder| export(&young, folder).unwrap()) {
        assert_eq!(manifest.seq, young.head().0);
    }
    assert_eq!(tree(&out), tree(&fresh));
    export(&old, &out).unwrap();
    assert_eq!(tree(&out), before);
}

#[test]
fn plants_lie_side_by_side_each_with_its_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let (north, odd) = (named("Werk Nord"), named("50% off / a=b"));
    export(&north, out).unwrap();
    let before = tree(out);
    export(&odd, out).unwrap();
    let both = tree(out);
    assert!(before.iter().all(|(path, digest)| both.get(path) == Some(digest)), "the second plant touched the first");
    assert_eq!(both.len(), 2 * before.len());
    assert!(both.contains_key(Path::new("manifest-50%25 off %2F a%3Db.json")) && both.contains_key(Path::new("plants/plant=50%25 off %2F a%3Db/part-0.parquet")), "{both:?}");
    let manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("manifest-Werk Nord.json")).unwrap()).unwrap();
    let files = manifest["tables"].as_array().unwrap().iter().flat_map(|table| table["files"].as_array().unwrap());
    let mut told = 0;
    for file in files {
        let bytes = std::fs::read(out.join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!((file["bytes"].as_u64(), file["sha256"].as_str()), (Some(bytes.len() as u64), Some(Digest::of(&bytes).to_string().as_str())), "{file}");
        told += 1;
    }
    assert_eq!(told + 1, before.len(), "the manifest names every file but itself");
}

#[track_caller]
fn refused(plant: &Plant, out: &Path, why: &str) {
    let refusal = export(plant, out).unwrap_err();
    assert!(refusal.detail.contains(why), "{}", refusal.detail);
}

#[test]
fn a_folder_of_somebody_else_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let plant = named("Werk Nord");
    let place = |name: &str, file: &str, content: &str| {
        let path = folder.path().join(name).join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        folder.path().join(name)
    };
    let cases = [
        (place("foreign", "holiday.jpg", "x"), "holds holiday.jpg, which is no part of an export"),
        (place("mixed", "lots/holiday.jpg", "x"), "holds lots, which is no part of an export"),
        (place("tables", "lots/plant=Werk Nord/part-0.parquet", "x"), "without the manifest"),
        (place("newer", "manifest-Werk Nord.json", "{\"format\":2,\"tables\":[]}"), "newer than"),
        (place("broken", "manifest-Werk Nord.json", "[]"), "does not read as a manifest"),
    ];
    for (out, why) in cases {
        let before = tree(&out);
        refused(&plant, &out, why);
        assert_eq!(tree(&out), before, "{why}");
    }
    let file = place("file", "f", "x").join("f");
    refused(&plant, &file, "cannot be read");
    refused(&plant, &file.join("below"), "cannot be written");
    let nothing = Plant::on(Store::in_memory().unwrap());
    let out = folder.path().join("nothing");
    assert_eq!(export(&nothing, &out).unwrap_err().code, Code::NotFound);
    assert!(!out.exists(), "a refused export made its folder");
}

#[test]
fn what_a_killed_export_left_is_cleared_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fresh) = (folder.path().join("out"), folder.path().join("fresh"));
    let left = out.join(".unfinished-plant=Werk Nord/lots/plant=Werk Nord");
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join("part-0.parquet"), "PAR1").unwrap();
    // Killed while files were moved: tables stand there already and no manifest does.
    std::fs::create_dir_all(out.join("lots/plant=Werk Nord")).unwrap();
    let plant = named("Werk Nord");
    export(&plant, &out).unwrap();
    export(&plant, &fresh).unwrap();
    assert_eq!(tree(&out), tree(&fresh));
    assert!(!left.exists());
}

#[test]
fn an_export_that_could_not_be_moved_into_place_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (out, fresh) = (folder.path().join("out"), folder.path().join("fresh"));
    let plant = named("Werk Nord");
    let obstacle = out.join("plants/plant=Werk Nord/part-0.parquet");
    std::fs::create_dir_all(&obstacle).unwrap();
    std::fs::create_dir(out.join(".unfinished-plant=Werk Nord")).unwrap();
    refused(&plant, &out, "export again");
    assert!(!out.join("manifest-Werk Nord.json").exists());
    std::fs::remove_dir(&obstacle).unwrap();
    export(&plant, &out).unwrap();
    export(&plant, &fresh).unwrap();
    assert_eq!(tree(&out), tree(&fresh));
}

#[test]
fn a_folder_that_cannot_be_made_leaves_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let plant = named("Werk Nord");
    // A table's folder that is a file: between the plants of another export, so that it is no stranger's.
    std::fs::create_dir_all(out.join(".unfinished-plant=Werk Nord")).unwrap();
    std::fs::create_dir_all(out.join("users")).unwrap();
    std::fs::write(out.join("users/plant=Werk Nord"), "in the way").unwrap();
    refused(&plant, &out, "cannot be written");
    assert_eq!(tree(&out).into_keys().collect::<Vec<_>>(), [Path::new("users/plant=Werk Nord")]);
    let left: Vec<_> = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["users"]);
}
