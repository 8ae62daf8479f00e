using System.Globalization;

namespace Milvus.Bench.Graphs;

/// <summary>What the command line asked for.</summary>
internal sealed record GraphOptions
{
    public const string Usage = """
        Milvus.Bench.Graphs --peer DRIVER (--data DIR | --generated ROWSxDIM) [options]
          --peer DRIVER   the program made by bench/hnswlib/build.sh; without it only ours is measured
          --data DIR      base.bvecs.gz and query.bvecs.gz, compared by L2
          --generated NxD rows around cluster centres on the unit sphere, compared by inner product
          --rows N        only the first N rows of DIR
          --queries N     queries (default 1000)
          --engines LIST  of fp32, int8, auto (default all)
          --threads LIST  of searching threads (default 1,2)
          --build N       building threads (default 2)
          --construct N   efConstruction of ours (default 200, which hnswlib always has)
          --filters LIST  also searches with so many per cent of the rows passing, such as 1,10,50,99, against a scan of them and
                          against searching without the filter and dropping what does not pass
          --scale LIST    instead of the above builds over the first so many rows each, on 1 and 2 threads, such as 100000,300000,1000000
          --ef LIST       beam widths (default 10,16,24,32,48,64,96,128,192,256,384,512)
          --rounds N      (default 3); medians are taken
          --seconds S     CPU seconds per thread and measurement (default 0.5)
          --time clock    rates by the clock instead of by CPU time, for machines that do nothing else
          --work DIR      for files handed to the driver (default: the temporary directory)
          --cache DIR     keeps built indexes and reuses them; build times are then not printed
        """;

    public string Peer { get; init; } = "";

    public string Data { get; init; } = "";

    public string Generated { get; init; } = "";

    public int Rows { get; init; } = int.MaxValue;

    public int Queries { get; init; } = 1000;

    public string[] Engines { get; init; } = ["fp32", "int8", "auto"];

    public int[] Threads { get; init; } = [1, 2];

    public int BuildThreads { get; init; } = 2;

    public int Construction { get; init; } = 200;

    public int[] Filters { get; init; } = [];

    public int[] Scale { get; init; } = [];

    public int[] Efs { get; init; } = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512];

    public int Rounds { get; init; } = 3;

    public double Seconds { get; init; } = 0.5;

    public bool ByClock { get; init; }

    public string Work { get; init; } = Path.GetTempPath();

    public string Cache { get; init; } = "";

    public static GraphOptions? Parse(string[] args)
    {
        var options = new GraphOptions();
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = args[i + 1];
            var changed = args[i] switch
            {
                "--peer" => options with { Peer = value },
                "--data" => options with { Data = value },
                "--generated" => options with { Generated = value },
                "--rows" => options with { Rows = Number(value) },
                "--queries" => options with { Queries = Number(value) },
                "--engines" => options with { Engines = value.Split(',') },
                "--threads" => options with { Threads = Numbers(value) },
                "--build" => options with { BuildThreads = Number(value) },
                "--construct" => options with { Construction = Number(value) },
                "--filters" => options with { Filters = Numbers(value) },
                "--scale" => options with { Scale = Numbers(value) },
                "--ef" => options with { Efs = Numbers(value) },
                "--rounds" => options with { Rounds = Number(value) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--time" => options with { ByClock = value == "clock" },
                "--work" => options with { Work = value },
                "--cache" => options with { Cache = value },
                _ => null,
            };
            if (changed is null) return null;
            options = changed;
        }
        return args.Length % 2 != 0 || (options.Data.Length == 0) == (options.Generated.Length == 0) ? null : options;
    }

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);

    private static int[] Numbers(string value) => [.. value.Split(',').Select(Number)];
}
