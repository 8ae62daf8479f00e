using System.Globalization;

namespace Milvus.Bench;

/// <summary>A call or a precondition failed; the message is for the person at the keyboard.</summary>
internal sealed class BenchException(string message) : Exception(message);

/// <summary>What the command line asked for.</summary>
internal sealed record BenchOptions
{
    public const string Usage = """
        Milvus.Bench search  --data DIR [--rows N] [--seconds S] [--ef 32,64,128,200] [--clients 1,8] [--skip-library]
        Milvus.Bench restart [--rows 1000000] [--dim 128]
        Milvus.Bench export  [--rows 1000000] [--dim 128] [--page 1000]
        Milvus.Bench text    [--rows 100000] [--seconds S] [--clients 1,8]
        Milvus.Bench served  [--rows 100000] [--dim 768] [--seconds S] [--clients 1,4,16] [--indexes HNSW,AUTOINDEX] [--recall 0.985]
                             [--parts insert,search,restart] [--insert-rows N] [--insert-clients 1,2,4] [--batch 2000] [--ef 64,128]
          --data DIR      workload: base.bvecs.gz, query.bvecs.gz, gt.ivecs.gz (or environment MILVUS_BENCH_DATA)
          --seconds S     length of each throughput measurement (default 5)
          --server DLL    the server to start (default: the one built with this program; a published program or a cluster node will do)
          --connect PORT  a server that runs on this machine already, such as a proxy of a cluster; nothing is started
          --shards N      shards of the collection (default 1)
          --work DIR      where the server keeps its data (default: the temporary directory)
          --server-args   arguments handed to the server, such as "--wal-sync interval"
        """;

    private static readonly string[] s_parts = ["insert", "search", "restart"];

    public string Mode { get; init; } = "";

    public string Data { get; init; } = Environment.GetEnvironmentVariable("MILVUS_BENCH_DATA") ?? "";

    /// <summary>0 takes all rows of the workload.</summary>
    public int Rows { get; init; }

    public int Dimension { get; init; } = 128;

    /// <summary>Rows of a page of an export.</summary>
    public int Page { get; init; } = 1000;

    public double Seconds { get; init; } = 5;

    public int[] Efs { get; init; } = [32, 64, 128, 200];

    public int[] Clients { get; init; } = [1, 8];

    /// <summary>True when the command line named the beam widths, or the numbers of clients.</summary>
    public bool HasEfs { get; init; }

    public bool HasClients { get; init; }

    /// <summary>What <c>served</c> measures.</summary>
    public string[] Parts { get; init; } = s_parts;

    public string[] Indexes { get; init; } = ["HNSW", "AUTOINDEX"];

    /// <summary>Least recall of a search; the beam is as narrow as it allows.</summary>
    public double Recall { get; init; } = 0.985;

    /// <summary>Rows that each number of clients inserts; 0 for as many as <see cref="Rows"/>.</summary>
    public int InsertRows { get; init; }

    public int[] InsertClients { get; init; } = [1, 2, 4];

    public int BatchRows { get; init; } = 2000;

    public bool SkipLibrary { get; init; }

    public string? Server { get; init; }

    /// <summary>0 starts a server.</summary>
    public int Connect { get; init; }

    public int Shards { get; init; } = 1;

    public string Work { get; init; } = Path.GetTempPath();

    public string[] ServerArguments { get; init; } = [];

    public static BenchOptions? Parse(string[] args)
    {
        if (args.Length == 0 || args[0] is not ("search" or "restart" or "export" or "text" or "served")) return null;
        var options = new BenchOptions { Mode = args[0], Rows = args[0] switch { "search" => 0, "text" or "served" => 100_000, _ => 1_000_000 }, Dimension = args[0] == "served" ? 768 : 128 };
        for (var i = 1; i < args.Length; i++)
        {
            if (args[i] == "--skip-library")
            {
                options = options with { SkipLibrary = true };
                continue;
            }
            if (i + 1 == args.Length) return null;
            var value = args[++i];
            var changed = args[i - 1] switch
            {
                "--data" => options with { Data = value },
                "--rows" => options with { Rows = int.Parse(value, CultureInfo.InvariantCulture) },
                "--dim" => options with { Dimension = int.Parse(value, CultureInfo.InvariantCulture) },
                "--page" => options with { Page = int.Parse(value, CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--ef" => options with { Efs = Numbers(value), HasEfs = true },
                "--clients" => options with { Clients = Numbers(value), HasClients = true },
                "--parts" when value.Split(',').All(s_parts.Contains) => options with { Parts = value.Split(',') },
                "--indexes" => options with { Indexes = value.Split(',') },
                "--recall" => options with { Recall = double.Parse(value, CultureInfo.InvariantCulture) },
                "--insert-rows" => options with { InsertRows = int.Parse(value, CultureInfo.InvariantCulture) },
                "--insert-clients" => options with { InsertClients = Numbers(value) },
                "--batch" => options with { BatchRows = int.Parse(value, CultureInfo.InvariantCulture) },
                "--server" => options with { Server = value },
                "--connect" => options with { Connect = int.Parse(value, CultureInfo.InvariantCulture) },
                "--shards" => options with { Shards = int.Parse(value, CultureInfo.InvariantCulture) },
                "--work" => options with { Work = value },
                "--server-args" => options with { ServerArguments = value.Split(' ', StringSplitOptions.RemoveEmptyEntries) },
                _ => null,
            };
            if (changed is null) return null;
            options = changed;
        }
        return options.Mode == "search" && options.Data.Length == 0 ? null : options;
    }

    private static int[] Numbers(string value) => [.. value.Split(',').Select(v => int.Parse(v, CultureInfo.InvariantCulture))];
}
