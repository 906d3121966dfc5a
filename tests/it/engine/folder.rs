//! The data folder: made whole or not at all, refused when it is newer, foreign or in use.

use std::fs;

use millwright::store::{Home, Store, StoreError};

use super::{in_folder, open};
use crate::plant::*;

#[test]
fn a_folder_whose_making_was_cut_short_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(Home::existing_or_new(&data).unwrap());
    // What a power cut left: the file under its first name, still without its magic number.
    fs::write(data.join("plant.new"), vec![0; 8_192]).unwrap();
    let plant = open(&data, &millwright::engine::clock::Clock::manual(time(MONDAY)));
    plant.admin(found(false)).unwrap();
    assert!(data.join("plant.redb").exists() && !data.join("plant.new").exists());
}

#[test]
fn a_folder_in_use_foreign_or_newer_is_refused_untouched() {
    let (folder, _, plant) = in_folder();
    let data = folder.path().join("data");
    assert!(matches!(Home::existing(&data), Err(StoreError::Locked(_))));
    plant.engine.stop();
    let format = fs::read_to_string(data.join("FORMAT")).unwrap();
    fs::write(data.join("FORMAT"), "millwright 999\n").unwrap();
    assert!(matches!(Home::existing_or_new(&data), Err(StoreError::Unusable(_))));
    fs::write(data.join("FORMAT"), format).unwrap();
    drop(Store::open(Home::existing(&data).unwrap()).unwrap());

    let foreign = folder.path().join("photos");
    fs::create_dir(&foreign).unwrap();
    assert!(matches!(Home::existing(&foreign), Err(StoreError::Unusable(_))));
    fs::write(foreign.join("cat.jpg"), "cat").unwrap();
    assert!(matches!(Home::existing_or_new(&foreign), Err(StoreError::Unusable(_))));
    assert_eq!(fs::read_dir(&foreign).unwrap().count(), 1);
}

#[test]
fn a_plant_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let (folder, _, plant) = in_folder();
    let data = folder.path().join("data");
    plant.engine.stop();
    let file = data.join("plant.redb");
    fs::write(&file, b"this is no database, and it is somebody's").unwrap();
    assert!(matches!(Store::open(Home::existing(&data).unwrap()), Err(StoreError::Unusable(_))));
    assert_eq!(fs::read(&file).unwrap(), b"this is no database, and it is somebody's");
}
