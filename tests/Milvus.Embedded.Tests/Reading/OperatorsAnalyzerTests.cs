using System.Collections.Immutable;
using System.Text;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;
using Milvus.TestKit.Disk;
using Milvus.Text.Analyzers;
using Milvus.Text.Analyzers.Morphology;
using Milvus.Text.Analyzers.Remote;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>Collections whose texts are cut by what the operator provides: a dictionary, or a service that may be away.</summary>
public sealed class OperatorsAnalyzerTests
{
    private const int Rows = 90;
    private const string Dictionary = """{"tokenizer": {"type": "lindera", "dict_kind": "ipadic", "filter": [{"kind": "japanese_stop_tags", "tags": ["助詞"]}]}}""";
    private const string Service = """{"tokenizer": {"type": "grpc", "endpoint": "http://slashes:1"}}""";

    private static readonly SlashService s_service = new();

    [Fact]
    public async Task Words_of_a_dictionary_are_found_in_growing_and_sealed_rows()
    {
        using var directory = new TemporaryDirectory();
        Write(Path.Combine(directory.Path, "ipadic"));
        await using var machine = await StartAsync(directory.Path);
        await CreateAsync(machine, "c", Dictionary);
        await InsertAsync(machine, "c", [.. Enumerable.Range(0, Rows).Select(i => i % 3 == 0 ? "東京の空" : "京都の空")]);
        // The letters of one word inside another are no match.
        Assert.Equal((Rows / 3, 2 * Rows / 3, 0, 0), await CountsAsync(machine));
        Assert.Equal(Rows / 3, (await SearchAsync(machine, "c", "東京の")).TopKs[0]);
        await machine.FlushedAsync("c");
        Assert.Equal((Rows / 3, 2 * Rows / 3, 0, 0), await CountsAsync(machine));
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        Assert.Equal((Rows / 3, 2 * Rows / 3, 0, 0), await CountsAsync(machine));
        Assert.Equal(Rows / 3, (await SearchAsync(machine, "c", "東京の")).TopKs[0]);

        static async Task<(long, long, long, long)> CountsAsync(Machine machine) =>
            (await CountAsync(machine, "c", "東京"), await CountAsync(machine, "c", "京都"), await CountAsync(machine, "c", "京"), await CountAsync(machine, "c", "の"));
    }

    [Fact]
    public async Task A_service_that_is_away_fails_what_needs_it_and_nothing_else()
    {
        using var directory = new TemporaryDirectory();
        await using var machine = await StartAsync(directory.Path);
        await CreateAsync(machine, "c", Service);
        await CreateAsync(machine, "plain", """{"tokenizer": "whitespace"}""");
        await InsertAsync(machine, "c", [.. Enumerable.Range(0, Rows).Select(i => i % 3 == 0 ? "red/sky" : "green/sky")]);
        Assert.Equal(Rows / 3, await CountAsync(machine, "c", "red"));

        s_service.IsAway = true;
        try
        {
            var error = await Assert.ThrowsAsync<MilvusException>(() => InsertAsync(machine, "c", ["blue/sky", "never/seen"], Rows));
            Assert.Equal(ErrorCode.FunctionFailed, error.Code);
            Assert.Equal(ErrorCode.FunctionFailed, (await Assert.ThrowsAsync<MilvusException>(() => CountAsync(machine, "c", "unheard"))).Code);
            Assert.Equal(Rows, await machine.CountAsync("c"));
            await InsertAsync(machine, "plain", ["red sky"]);
            Assert.Equal(1, await CountAsync(machine, "plain", "red"));
            // Sealed while it is away: the texts are analysed when it is back.
            await machine.FlushedAsync("c");
            await Assert.ThrowsAsync<MilvusException>(() => CountAsync(machine, "c", "unheard"));
        }
        finally
        {
            s_service.IsAway = false;
        }
        Assert.Equal(Rows / 3, await CountAsync(machine, "c", "red"));
        Assert.Equal(0, await CountAsync(machine, "c", "unheard"));
        await InsertAsync(machine, "c", ["blue/sky"], Rows);
        Assert.Equal(1, (await SearchAsync(machine, "c", "blue")).TopKs[0]);
    }

    /// <summary>Cuts at slashes; remembers nothing. Away, it still answers for texts without one, such as queries.</summary>
    private sealed class SlashService : ITokenizerServices
    {
        public volatile bool IsAway;

        public void Check(TokenizerCall call) => Assert.Equal("http://slashes:1", call.Endpoint);

        public async ValueTask<RemoteToken[]> TokenizeAsync(TokenizerCall call, string text, CancellationToken cancellation)
        {
            await Task.Yield();
            if (IsAway && text.Contains('/', StringComparison.Ordinal)) throw new MilvusException(ErrorCode.FunctionFailed, "call tokenizer service failed");
            var at = 0;
            return [.. text.Split('/').Select((word, i) =>
            {
                var token = new RemoteToken(Encoding.UTF8.GetBytes(word), at, at + word.Length, i, 1);
                at += word.Length + 1;
                return token;
            })];
        }
    }

    private static async Task<Machine> StartAsync(string dictionaries)
    {
        // One value for the process: both tests need the service, only one a dictionary, and no other test either.
        var sources = new AnalyzerSources { Dictionaries = new DictionaryDirectory(dictionaries), Services = s_service };
        var machine = new Machine(11, Machine.Small with { Channel = new ChannelOptions { MaxSegmentRows = 400 }, Analyzers = sources });
        await machine.StartAsync();
        return machine;
    }

    private static void Write(string directory)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "char.def"), "DEFAULT 0 1 0\nSPACE 0 1 0\n0x0020 SPACE\n");
        File.WriteAllText(Path.Combine(directory, "unk.def"), "DEFAULT,0,0,9000,名詞,一般,*,*\nSPACE,0,0,9000,記号,空白,*,*\n");
        File.WriteAllText(Path.Combine(directory, "matrix.def"), "1 1\n0 0 0\n");
        File.WriteAllText(Path.Combine(directory, "words.csv"), "東京,0,0,100,名詞,固有名詞,*,*\n京都,0,0,100,名詞,固有名詞,*,*\n京,0,0,500,名詞,一般,*,*\nの,0,0,100,助詞,*,*,*\n空,0,0,100,名詞,一般,*,*\n");
    }

    private static async Task CreateAsync(Machine machine, string name, string analyzer)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "text", Type = DataType.VarChar, TypeParams = [new("max_length", "99"), new("enable_analyzer", "true"), new("enable_match", "true"), new("analyzer_params", analyzer)] },
            new FieldSchema { Name = "sparse", Type = DataType.SparseFloatVector, IsFunctionOutput = true },
        ],
        functions: [new FunctionSchema { Name = "bm25", Type = FunctionType.BM25, InputFields = ["text"], OutputFields = ["sparse"] }]);
        await machine.ExecuteAsync(new CreateCollection("", name, schema));
        await machine.ExecuteAsync(new CreateIndex("", name, "sparse") { Params = [new("index_type", "SPARSE_INVERTED_INDEX"), new("metric_type", "BM25")] });
        await machine.ExecuteAsync(new LoadCollection("", name));
        await machine.LoadedAsync(name);
    }

    private static Task InsertAsync(Machine machine, string name, string[] texts, int firstKey = 0) => machine.Proxy.InsertAsync(RequestContext.Default, new InsertRequest
    {
        Collection = name,
        RowCount = texts.Length,
        Columns =
        [
            new NamedColumn("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(firstKey, texts.Length).Select(i => (long)i).ToArray())),
            new NamedColumn("text", BinaryColumn.FromStrings(DataType.VarChar, texts)),
        ],
    });

    private static async Task<long> CountAsync(Machine machine, string name, string word)
    {
        var found = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest
        {
            Collection = name,
            Expression = $"text_match(text, '{word}')",
            OutputFields = ["count(*)"],
            ConsistencyLevel = ConsistencyLevel.Strong,
        });
        return ((FixedColumn<long>)found.Columns[0].Column).Values[0];
    }

    private static Task<SearchResult> SearchAsync(Machine machine, string name, string query) => machine.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
    {
        Collection = name,
        ConsistencyLevel = ConsistencyLevel.Strong,
        Vectors = new QueryVectors(DataType.VarChar, [Encoding.UTF8.GetBytes(query)]),
        Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "sparse").Add("topk", "100").Add("metric_type", "BM25"),
    });
}
