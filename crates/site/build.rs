//! Puts the assets into the binary, compressed.

fn main() {
    memory_serve::load_names_directories([("app", "./assets/app"), ("public", "./assets/public")], true);
}
