// Times FAISS on the files that Milvus.Bench.Lists writes: one index per run, one line per setting.
//
//   faiss-driver BASE ROWS DIM QUERIES COUNT K FACTORY METRIC SECONDS OUT [NAME=VALUE ...]
//
// BASE and QUERIES are float32 rows one behind the other, or bits when FACTORY starts with B (DIM counts bits). METRIC is l2 or ip.
// Each NAME=VALUE is a search parameter as FAISS names them ("nprobe=8,k_factor_rf=4"), or "-" for none. Prints
//   built SECONDS
//   SETTING SECONDS_PER_QUERY_ALONE SECONDS_PER_QUERY_IN_A_BATCH
// and appends the row numbers found, COUNT × K 64-bit integers per setting, to OUT. One thread.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <time.h>

#include <omp.h>

#include <faiss/AutoTune.h>
#include <faiss/IndexBinary.h>
#include <faiss/index_factory.h>

namespace {

// Processor time of this thread: what else runs on the machine disturbs it less than a clock on the wall.
double now() {
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

std::vector<char> read_all(const char* path, size_t bytes) {
    std::vector<char> data(bytes);
    FILE* file = std::fopen(path, "rb");
    if (!file || std::fread(data.data(), 1, bytes, file) != bytes) {
        std::fprintf(stderr, "cannot read %zu bytes of %s\n", bytes, path);
        std::exit(1);
    }
    std::fclose(file);
    return data;
}

// Repeats a pass over all queries until the time is up; the best pass counts, so that a disturbance does not.
template <typename Pass>
double best_pass(double seconds, Pass pass) {
    double best = 1e30;
    double start = now();
    do {
        double begin = now();
        pass();
        double took = now() - begin;
        if (took < best) best = took;
    } while (now() - start < seconds);
    return best;
}

template <typename Index, typename Component, typename Distance, typename Tune>
void run(Index& index, const Component* base, const Component* queries, size_t width, size_t rows, size_t count, int k, double seconds, FILE* out,
         int settings, char** names, Tune tune) {
    double start = now();
    index.train(rows, base);
    index.add(rows, base);
    std::printf("built %.4f\n", now() - start);
    std::vector<faiss::Index::idx_t> ids(count * k);
    std::vector<Distance> distances(count * k);
    for (int i = 0; i < settings; i++) {
        tune(names[i]);
        double alone = best_pass(seconds, [&] {
            for (size_t q = 0; q < count; q++) index.search(1, queries + q * width, k, distances.data() + q * k, ids.data() + q * k);
        });
        double batch = best_pass(seconds, [&] { index.search(count, queries, k, distances.data(), ids.data()); });
        std::printf("%s %.9f %.9f\n", names[i], alone / count, batch / count);
        std::fflush(stdout);
        std::fwrite(ids.data(), sizeof(ids[0]), ids.size(), out);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 12) {
        std::fprintf(stderr, "faiss-driver BASE ROWS DIM QUERIES COUNT K FACTORY METRIC SECONDS OUT SETTING...\n");
        return 2;
    }
    omp_set_num_threads(1);
    size_t rows = std::strtoull(argv[2], nullptr, 10), dim = std::strtoull(argv[3], nullptr, 10), count = std::strtoull(argv[5], nullptr, 10);
    int k = std::atoi(argv[6]);
    std::string factory = argv[7];
    double seconds = std::atof(argv[9]);
    FILE* out = std::fopen(argv[10], "wb");
    if (factory[0] == 'B') {
        size_t width = dim / 8;
        auto base = read_all(argv[1], rows * width), queries = read_all(argv[4], count * width);
        std::unique_ptr<faiss::IndexBinary> index(faiss::index_binary_factory(dim, factory.c_str()));
        run<faiss::IndexBinary, uint8_t, int32_t>(
            *index, reinterpret_cast<uint8_t*>(base.data()), reinterpret_cast<uint8_t*>(queries.data()), width, rows, count, k, seconds, out, argc - 11,
            argv + 11, [](const char*) {});
    } else {
        auto base = read_all(argv[1], rows * dim * sizeof(float)), queries = read_all(argv[4], count * dim * sizeof(float));
        auto metric = std::string(argv[8]) == "ip" ? faiss::METRIC_INNER_PRODUCT : faiss::METRIC_L2;
        std::unique_ptr<faiss::Index> index(faiss::index_factory(dim, factory.c_str(), metric));
        faiss::ParameterSpace space;
        run<faiss::Index, float, float>(
            *index, reinterpret_cast<float*>(base.data()), reinterpret_cast<float*>(queries.data()), dim, rows, count, k, seconds, out, argc - 11,
            argv + 11, [&](const char* setting) {
                if (std::string(setting) != "-") space.set_index_parameters(index.get(), setting);
            });
    }
    std::fclose(out);
    return 0;
}
