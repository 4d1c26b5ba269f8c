//! Puts the assets into the binary, compressed.

fn main() {
    memory_serve::load_directory("./assets/app");
}
