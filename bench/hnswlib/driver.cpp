// Runs hnswlib over the same files as Milvus.Bench.Graphs, one command per line of standard input:
//   build M efConstruction threads     answers: wall seconds, CPU seconds
//   save FILE | load FILE              answers: ok
//   search ef k threads seconds FILE   writes the row numbers found (queries x k int32), answers: queries, wall seconds, CPU seconds
// Files of vectors hold int32 rows, int32 dimension, then float32 values.
#include <hnswlib/hnswlib.h>

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Vectors {
    int32_t rows = 0, dimension = 0;
    std::vector<float> values;

    explicit Vectors(const char* path) {
        std::ifstream in(path, std::ios::binary);
        in.read(reinterpret_cast<char*>(&rows), 4);
        in.read(reinterpret_cast<char*>(&dimension), 4);
        values.resize(static_cast<size_t>(rows) * dimension);
        in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(float)));
        if (!in) throw std::runtime_error(std::string("cannot read ") + path);
    }

    const float* row(size_t i) const { return values.data() + i * dimension; }
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + 1e-6 * (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

template <typename Work>
void parallel(int threads, int count, Work work) {
    std::atomic<int> next{0};
    auto run = [&] {
        for (int i; (i = next.fetch_add(1)) < count;) work(i);
    };
    std::vector<std::thread> others;
    for (int i = 1; i < threads; i++) others.emplace_back(run);
    run();
    for (auto& other : others) other.join();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::cerr << "driver BASE QUERIES l2|ip\n";
        return 2;
    }
    Vectors base(argv[1]), queries(argv[2]);
    std::unique_ptr<hnswlib::SpaceInterface<float>> space;
    if (std::string(argv[3]) == "ip") space.reset(new hnswlib::InnerProductSpace(base.dimension));
    else space.reset(new hnswlib::L2Space(base.dimension));
    std::unique_ptr<hnswlib::HierarchicalNSW<float>> index;
    std::cout << "ready " << base.rows << " " << queries.rows << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string command, path;
        words >> command;
        if (command == "build") {
            int m, ef, threads;
            words >> m >> ef >> threads;
            index.reset(new hnswlib::HierarchicalNSW<float>(space.get(), base.rows, m, ef));
            double wall = now(), used = cpu();
            index->addPoint(base.row(0), 0);
            parallel(threads, base.rows - 1, [&](int i) { index->addPoint(base.row(i + 1), i + 1); });
            std::cout << now() - wall << " " << cpu() - used << std::endl;
        } else if (command == "save") {
            words >> path;
            index->saveIndex(path);
            std::cout << "ok" << std::endl;
        } else if (command == "load") {
            words >> path;
            index.reset(new hnswlib::HierarchicalNSW<float>(space.get(), path));
            std::cout << "ok" << std::endl;
        } else if (command == "search") {
            int ef, k, threads;
            double seconds;
            words >> ef >> k >> threads >> seconds >> path;
            index->setEf(ef);
            std::vector<int32_t> found(static_cast<size_t>(queries.rows) * k, -1);
            auto search = [&](int i) {
                auto nearest = index->searchKnn(queries.row(i), k);
                for (int place = static_cast<int>(nearest.size()) - 1; !nearest.empty(); place--, nearest.pop())
                    found[static_cast<size_t>(i) * k + place] = static_cast<int32_t>(nearest.top().second);
            };
            long answered = 0;
            double start = now(), used = cpu();
            do {
                parallel(threads, queries.rows, search);
                answered += queries.rows;
            } while (cpu() - used < seconds * threads && now() - start < 30 * seconds);
            double elapsed = now() - start;
            used = cpu() - used;
            std::ofstream out(path, std::ios::binary);
            out.write(reinterpret_cast<const char*>(found.data()), static_cast<std::streamsize>(found.size() * sizeof(int32_t)));
            out.close();
            std::cout << answered << " " << elapsed << " " << used << std::endl;
        } else {
            std::cout << "what?" << std::endl;
        }
    }
    return 0;
}
