using System.Globalization;
using Milvus.Bench.Lists;

const string usage = """
    Milvus.Bench.Lists [--data DIR]... [--generated ROWSxDIM] [--peer DRIVER] [--seconds S] [--lists N] [--queries N] [--part scans|lists|memory]
      --data DIR           a workload: base.bvecs.gz, query.bvecs.gz
      --generated 100000x768
      --peer DRIVER        the driver that bench/faiss/build.sh compiles; without it ours run alone
      --seconds S          length of each measurement (default 2)
      --queries N          at most so many queries, all of them one batch where a batch is timed (default 96)
      --lists N            lists of the inverted files (default 1024)
    """;

var sets = new List<Func<ListSet>>();
(string peer, double seconds, int lists, int queries, string part) = ("", 2, 1024, 96, "");
for (int i = 0; i + 1 < args.Length; i += 2)
{
    string value = args[i + 1];
    switch (args[i])
    {
        case "--data": sets.Add(() => ListSet.Read(value, queries)); break;
        case "--generated": sets.Add(() => ListSet.Generate(value, queries)); break;
        case "--peer": peer = value; break;
        case "--seconds": seconds = double.Parse(value, CultureInfo.InvariantCulture); break;
        case "--lists": lists = int.Parse(value, CultureInfo.InvariantCulture); break;
        case "--queries": queries = int.Parse(value, CultureInfo.InvariantCulture); break;
        case "--part": part = value; break;
        default: Console.WriteLine(usage); return 2;
    }
}

if (sets.Count == 0)
{
    Console.WriteLine(usage);
    return 2;
}

foreach (Func<ListSet> open in sets)
    new Comparison(open(), peer, seconds, lists, part).Run();
return 0;
