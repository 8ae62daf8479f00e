using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.TestKit.Disk;

namespace Milvus.Embedded.Tests.Filling;

/// <summary>Functions that come to a collection in use: rows written before get their outputs too, whatever happens meanwhile, and nothing else of them changes.</summary>
public class FunctionFillingTests
{
    private const int Older = 130;
    private const int Newer = 20;
    private const int All = Older + Newer;

    private static readonly FunctionSchema s_terms = new() { Name = "terms", Type = FunctionType.BM25, InputFields = ["text"], OutputFields = ["out"] };

    private static readonly FunctionSchema s_signatures = new() { Name = "signatures", Type = FunctionType.MinHash, InputFields = ["text"], OutputFields = ["out"], Params = [new("num_hashes", "8"), new("shingle_size", "1")] };

    private static readonly FunctionSchema s_embedding = new() { Name = "embedding", Type = FunctionType.TextEmbedding, InputFields = ["text"], OutputFields = ["out"], Params = [new("provider", "fake")] };

    public static TheoryData<FunctionType> Kinds => [FunctionType.BM25, FunctionType.MinHash, FunctionType.TextEmbedding];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Rows_written_before_a_function_are_found_by_it(FunctionType kind)
    {
        await using var machine = new Machine(3) { Models = new LetterModel() };
        await machine.StartAsync();
        await CreateAsync(machine);
        await WriteAsync(machine, 0, 70);
        await machine.FlushedAsync("c");
        // These are in growing segments when the function comes.
        await WriteAsync(machine, 70, Older);
        await machine.DeleteAsync("c", 5, 75);
        await AddAsync(machine, kind);
        await WriteAsync(machine, Older, All);
        await FilledAsync(machine, kind, All - 2);
        Assert.Equal(All - 2, await machine.CountAsync("c"));
        await machine.IndexedAsync("c");
        Assert.Equal(BuildPhase.Finished, (await ProgressAsync(machine)).Phase);

        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await FilledAsync(machine, kind, All - 2);
        await machine.FlushedAsync("c");
        await machine.CompactedAsync("c");
        await FilledAsync(machine, kind, All - 2);
        await CheckTextsAsync(machine, All - 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Crashes_while_outputs_are_computed_lose_nothing(int seed)
    {
        var random = new Random(seed);
        await using var machine = new Machine(seed) { Models = new LetterModel() };
        var kind = (FunctionType[])[FunctionType.BM25, FunctionType.MinHash, FunctionType.TextEmbedding];
        await machine.StartAsync();
        await CreateAsync(machine);
        await WriteAsync(machine, 0, 70);
        await machine.FlushedAsync("c");
        await WriteAsync(machine, 70, Older);
        await AddAsync(machine, kind[seed % 3]);
        for (var crash = 0; crash < 4; crash++)
        {
            machine.Power.OffAfter(random.Next(1, 40));
            await Eventually.TrueAsync(async () => machine.Power.IsOff || await IsFilledAsync(machine, kind[seed % 3], Older), "the crash or the end");
            await machine.CrashAsync(powerCut: random.Next(2) == 0);
            await machine.StartAsync();
            await machine.LoadedAsync("c");
            Assert.Equal(Older, await machine.CountAsync("c"));
        }
        await FilledAsync(machine, kind[seed % 3], Older);
        await CheckTextsAsync(machine, Older);
    }

    [Fact]
    public async Task A_model_that_cannot_be_asked_is_named_and_asked_again()
    {
        var model = new LetterModel { IsDown = true };
        await using var machine = new Machine(8) { Models = model };
        await machine.StartAsync();
        await CreateAsync(machine);
        await WriteAsync(machine, 0, 60);
        await machine.FlushedAsync("c");
        await AddAsync(machine, FunctionType.TextEmbedding);
        await Eventually.TrueAsync(async () => (await ProgressAsync(machine)).Phase == BuildPhase.Failed, "the failure");
        Assert.Equal((60, 0, "the model is down"), ((await ProgressAsync(machine)).TotalRows, (await ProgressAsync(machine)).IndexedRows, (await ProgressAsync(machine)).FailReason));
        Assert.Equal(60, await machine.CountAsync("c"));
        model.IsDown = false;
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        await FilledAsync(machine, FunctionType.TextEmbedding, 60);
    }

    [Fact]
    public async Task A_model_that_does_not_answer_holds_up_no_index_and_no_compaction()
    {
        var model = new LetterModel { Answer = new TaskCompletionSource() };
        await using var machine = new Machine(10) { Models = model };
        await machine.StartAsync();
        await CreateAsync(machine);
        await WriteAsync(machine, 0, 60);
        await machine.FlushedAsync("c");
        await AddAsync(machine, FunctionType.TextEmbedding);
        await Eventually.TrueAsync(() => model.Calls > 0, "the first question");
        // Of the same collection, and of another one.
        await machine.ExecuteAsync(new CreateIndex("", "c", "key") { Params = [new("index_type", "STL_SORT")] });
        await Eventually.TrueAsync(async () => (await ProgressAsync(machine, "key")) is { Phase: BuildPhase.Finished, IndexedRows: 60 }, "the index of the keys");
        await CreateAsync(machine, "other");
        await machine.Proxy.InsertAsync(RequestContext.Default, Rows(0, 50, i => Text(i)) with { Collection = "other" });
        await machine.DeleteAsync("other", 7);
        await machine.FlushedAsync("other");
        await machine.CompactedAsync("other");
        await machine.CompactedAsync("c");
        Assert.Equal(0, (await ProgressAsync(machine)).IndexedRows);

        model.Answer.SetResult();
        await FilledAsync(machine, FunctionType.TextEmbedding, 60);
        Assert.Equal(60, await machine.CountAsync("c"));
    }

    [Fact]
    public async Task One_segment_asks_a_model_that_is_down_before_a_pause_and_the_next_time_another()
    {
        var model = new LetterModel { IsDown = true };
        var time = new ShiftedTime();
        await using var machine = new Machine(11) { Models = model, Time = time };
        await machine.StartAsync();
        await CreateAsync(machine);
        for (var i = 0; i < 3; i++)
        {
            await WriteAsync(machine, i * 40, (i + 1) * 40);
            await machine.FlushedAsync("c");
        }
        await AddAsync(machine, FunctionType.TextEmbedding);
        await Eventually.TrueAsync(async () => (await ProgressAsync(machine)).Phase == BuildPhase.Failed, "the failure");
        await machine.CompactedAsync("c");
        Assert.Single(model.Asked);
        time.Advance(TimeSpan.FromSeconds(11));
        await Eventually.TrueAsync(() => model.Calls >= 2, "the second attempt");
        Assert.Equal(2, model.Asked.Distinct().Count());
    }

    [Fact]
    public async Task Texts_that_a_model_does_not_take_have_no_vector()
    {
        await using var machine = new Machine(9) { Models = new LetterModel() };
        await machine.StartAsync();
        await CreateAsync(machine);
        await machine.Proxy.InsertAsync(RequestContext.Default, Rows(0, 50, i => i % 10 == 0 ? "" : Text(i)));
        await machine.FlushedAsync("c");
        await AddAsync(machine, FunctionType.TextEmbedding);
        await FilledAsync(machine, FunctionType.TextEmbedding, 45);
        await machine.IndexedAsync("c");
        Assert.Equal(50, await machine.CountAsync("c"));
    }

    private static string Text(long key) => $"all w{key} {(char)('a' + (key % 26))}";

    private static async Task CreateAsync(Machine machine, string name = "c")
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "text", Type = DataType.VarChar, TypeParams = [new("max_length", "99"), new("enable_analyzer", "true")] },
            new FieldSchema { Name = "vector", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] },
        ]);
        await machine.ExecuteAsync(new CreateCollection("", name, schema) { Shards = 2 });
        await machine.ExecuteAsync(new CreateIndex("", name, "vector") { Params = [new("index_type", "FLAT"), new("metric_type", "L2")] });
        await machine.ExecuteAsync(new LoadCollection("", name));
    }

    private static Task AddAsync(Machine machine, FunctionType kind)
    {
        var (function, output, metric) = kind switch
        {
            FunctionType.BM25 => (s_terms, new FieldSchema { Name = "out", Type = DataType.SparseFloatVector }, "BM25"),
            FunctionType.MinHash => (s_signatures, new FieldSchema { Name = "out", Type = DataType.BinaryVector, TypeParams = [new("dim", "256")] }, "HAMMING"),
            _ => (s_embedding, new FieldSchema { Name = "out", Type = DataType.FloatVector, TypeParams = [new("dim", "2")] }, "L2"),
        };
        return machine.ExecuteAsync(new AddFunction("", "c", function)
        {
            Outputs = [output],
            Indexes = [new CreateIndex("", "c", "out") { Params = [new("index_type", kind == FunctionType.BM25 ? "SPARSE_INVERTED_INDEX" : kind == FunctionType.MinHash ? "BIN_FLAT" : "HNSW"), new("metric_type", metric)] }],
        });
    }

    private static Task WriteAsync(Machine machine, int from, int to) => machine.Proxy.InsertAsync(RequestContext.Default, Rows(from, to, i => Text(i)));

    private static InsertRequest Rows(int from, int to, Func<int, string> text) => new()
    {
        Collection = "c",
        RowCount = to - from,
        Columns =
        [
            new NamedColumn("key", new FixedColumn<long>(DataType.Int64, Enumerable.Range(from, to - from).Select(i => (long)i).ToArray())),
            new NamedColumn("text", BinaryColumn.FromStrings(DataType.VarChar, [.. Enumerable.Range(from, to - from).Select(text)])),
            new NamedColumn("vector", new VectorColumn(DataType.FloatVector, 2, MemoryMarshal.AsBytes<float>(Enumerable.Range(from, to - from).SelectMany(i => new float[] { i, 1 }).ToArray()).ToArray())),
        ],
    };

    private static ValueTask<IndexProgress> ProgressAsync(Machine machine, string field = "out") =>
        machine.Proxy.Maintenance.GetIndexProgressAsync(machine.Collection("c"), machine.Collection("c").Indexes.Single(i => i.FieldName == field), CancellationToken.None);

    private static Task FilledAsync(Machine machine, FunctionType kind, int rows) => Eventually.TrueAsync(() => IsFilledAsync(machine, kind, rows), "the outputs of older rows");

    // Every row has the word in common: a search for it finds all that have an output.
    private static async ValueTask<bool> IsFilledAsync(Machine machine, FunctionType kind, int rows)
    {
        try
        {
            var found = await SearchAsync(machine, "all");
            var keys = found.Ids.Int64s.ToArray();
            Assert.Equal(keys.Length, keys.Distinct().Count());
            if (keys.Length < rows) return false;
            Assert.Equal(rows, keys.Length);
            if (kind == FunctionType.BM25)
                foreach (var key in new long[] { 1, 69, 71, rows - 1 }) Assert.Equal(key, (await SearchAsync(machine, $"w{key}")).Ids.Int64s[0]);
            return true;
        }
        catch (Exception e) when (machine.Power.IsOff && e is MilvusException or SimulatedCrashException)
        {
            return false;
        }
    }

    private static async Task<SearchResult> SearchAsync(Machine machine, string text) => await machine.Proxy.SearchAsync(RequestContext.Default, new SearchRequest
    {
        Collection = "c",
        Vectors = new QueryVectors(DataType.VarChar, [Encoding.UTF8.GetBytes(text)]),
        ConsistencyLevel = ConsistencyLevel.Strong,
        Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "out").Add("topk", "1000").Add("params", "{\"ef\":1000}"),
    });

    private static async Task CheckTextsAsync(Machine machine, int rows)
    {
        var result = await machine.Proxy.QueryAsync(RequestContext.Default, new QueryRequest { Collection = "c", Expression = "key >= 0", OutputFields = ["key", "text"], ConsistencyLevel = ConsistencyLevel.Strong });
        Assert.Equal(rows, result.RowCount);
        var keys = ((FixedColumn<long>)result.Columns.Single(c => c.Name == "key").Column).Values;
        var texts = (BinaryColumn)result.Columns.Single(c => c.Name == "text").Column;
        for (var i = 0; i < rows; i++) Assert.Equal(Text(keys[i]), texts.GetString(i));
    }

    /// <summary>A text's vector is its length and its number of digits.</summary>
    private sealed class LetterModel : IModelGateway
    {
        private readonly ConcurrentQueue<string> _asked = new();

        public bool IsDown { get; set; }

        /// <summary>What answers wait for; null for nothing.</summary>
        public TaskCompletionSource? Answer { get; init; }

        /// <summary>The first text of every question.</summary>
        public IReadOnlyCollection<string> Asked => _asked;

        public int Calls => _asked.Count;

        public void CheckEmbedding(ModelCall call)
        {
        }

        public void CheckReranker(ModelCall call)
        {
        }

        public async Task<float[][]> EmbedAsync(ModelCall call, EmbeddingPurpose purpose, IReadOnlyList<string> texts, CancellationToken cancellation)
        {
            // When its function is made it is tried with one word; the rest are rows.
            var isTrial = texts is ["check"];
            if (!isTrial) _asked.Enqueue(texts[0]);
            if (!isTrial && Answer is not null) await Answer.Task.WaitAsync(cancellation);
            if (IsDown) throw new ModelAwayException("the model is down");
            return [.. texts.Select(t => new float[] { t.Length, t.Count(char.IsAsciiDigit) })];
        }

        public Task<double[]> RerankAsync(ModelCall call, string query, IReadOnlyList<string> texts, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
