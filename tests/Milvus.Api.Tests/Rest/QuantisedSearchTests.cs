using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Coordinator.Commands;
using Milvus.Embedded;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.TestKit.Disk;
using Milvus.Vectors;

namespace Milvus.Api.Tests.Rest;

/// <summary>Inverted files and MinHash bands through the whole stack: created, built over a flushed segment, searched with their parameters, opened again.</summary>
public sealed class QuantisedSearchTests : IAsyncLifetime, IDisposable
{
    private const int Rows = 2500;
    private const int Dimension = 32;
    private static readonly RequestContext Anyone = RequestContext.Default;

    private readonly TemporaryDirectory _directory = new();
    private EmbeddedMilvus _milvus = null!;

    public async Task InitializeAsync() =>
        _milvus = await EmbeddedMilvus.OpenAsync(_directory.Path, RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance);

    public async Task DisposeAsync() => await _milvus.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("IVF_FLAT", "L2", "{\"nlist\":32}", "{\"nprobe\":32}")]
    [InlineData("IVF_SQ8", "COSINE", "{\"nlist\":32}", "{\"nprobe\":32}")]
    [InlineData("IVF_SQ8", "L2", "{\"nlist\":32,\"sq_type\":\"sq4\",\"refine\":true,\"refine_type\":\"fp32\"}", "{\"nprobe\":32,\"refine_k\":10}")]
    [InlineData("IVF_PQ", "IP", "{\"nlist\":32,\"m\":8}", "{\"nprobe\":32,\"refine_k\":32}")]
    [InlineData("IVF_RABITQ", "L2", "{\"nlist\":32}", "{\"nprobe\":32,\"rbq_bits_query\":6}")]
    [InlineData("IVF_RABITQ", "L2", "{\"nlist\":32,\"refine\":true,\"refine_type\":\"FP16\"}", "{\"nprobe\":32,\"refine_k\":30,\"rbq_bits_query\":8}")]
    [InlineData("IVF_RABITQ", "COSINE", "{\"nlist\":32,\"rbq_bits\":4}", "{\"nprobe\":32}")]
    [InlineData("IVF_RABITQ_FASTSCAN", "IP", "{\"nlist\":32}", "{\"nprobe\":32}")]
    [InlineData("SCANN", "L2", "{\"nlist\":32,\"with_raw_data\":true}", "{\"nprobe\":32,\"reorder_k\":200}")]
    public async Task An_inverted_file_answers_like_a_scan(string type, string metric, string build, string search)
    {
        MetricTypes.TryParse(metric, out var parsed);
        var random = new Random(5);
        byte[][] vectors = [.. Enumerable.Range(0, Rows).Select(_ => Clustered(random))];
        await LoadAsync(type, parsed, DataType.FloatVector, Dimension, build, vectors);
        await CheckAsync(type, parsed, vectors, search, "");
        await CheckAsync(type, parsed, vectors, search, "grp < 5");
        await _milvus.DisposeAsync();
        await InitializeAsync();
        await Proxy.Maintenance.WaitLoadedAsync(Proxy.Catalog.GetCollection("default", "c"), default);
        await CheckAsync(type, parsed, vectors, search, "");

        var one = await SearchAsync(vectors[3], DataType.FloatVector, "{\"nprobe\":1}", "");
        Assert.Equal(10, one.TopKs[0]);
        var refused = await Assert.ThrowsAsync<MilvusException>(() => SearchAsync(vectors[3], DataType.FloatVector, "{\"nprobe\":65537}", ""));
        Assert.Contains("Out of range in json: param 'nprobe' (65537) should be in range [1, 65536]", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Binary_lists_and_bands_of_signatures_answer()
    {
        var random = new Random(6);
        byte[][] vectors = [.. Enumerable.Range(0, Rows).Select(_ => new byte[16])];
        foreach (var vector in vectors) random.NextBytes(vector);
        for (var i = 100; i < Rows; i++)
            for (var at = 0; at < 16; at++)
                if (random.Next(4) > 0) vectors[i][at] = vectors[i % 100][at];
        await LoadAsync("BIN_IVF_FLAT", MetricType.Hamming, DataType.BinaryVector, 128, "{\"nlist\":16}", vectors);
        var found = await SearchAsync(vectors[42], DataType.BinaryVector, "{\"nprobe\":16}", "");
        Assert.Equal((42L, 0f), (found.Ids.Int64s[0], found.Scores[0]));
        Assert.Equal(vectors.Select(v => ReferenceDistance.Score(DataType.BinaryVector, MetricType.Hamming, 128, vectors[42], v)).Order().Take(10), found.Scores.Select(s => (double)s));
        await Proxy.ExecuteAsync(Anyone, new DropCollection("default", "c"));

        await LoadAsync("MINHASH_LSH", MetricType.MinHashJaccard, DataType.BinaryVector, 128, "{\"mh_element_bit_width\":16,\"mh_lsh_band\":8}", vectors);
        found = await SearchAsync(vectors[42], DataType.BinaryVector, "{\"mh_search_with_jaccard\":true,\"refine_k\":4}", "");
        Assert.Equal((42L, 1f), (found.Ids.Int64s[0], found.Scores[0]));
        Assert.Equal(vectors.Select(v => Enumerable.Range(0, 8).Count(e => v[2 * e] == vectors[42][2 * e] && v[(2 * e) + 1] == vectors[42][(2 * e) + 1]) / 8f).OrderDescending().Take(10), found.Scores);
        // Not flushed yet: compared one by one, with the index's width of elements.
        await InsertAsync([vectors[42]], DataType.BinaryVector, 128, Rows);
        found = await SearchAsync(vectors[42], DataType.BinaryVector, "{}", "");
        Assert.Equal((1f, 1f), (found.Scores[0], found.Scores[1]));
    }

    private IMilvusProxy Proxy => _milvus.Proxy;

    private async Task LoadAsync(string type, MetricType metric, DataType vectorType, int dimension, string build, byte[][] vectors)
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "grp", Type = DataType.Int32 },
            new FieldSchema { Name = "v", Type = vectorType, TypeParams = [new("dim", dimension.ToString(CultureInfo.InvariantCulture))] },
        ]);
        await Proxy.ExecuteAsync(Anyone, new CreateCollection("default", "c", schema) { Shards = 1 });
        await Proxy.ExecuteAsync(Anyone, new CreateIndex("default", "c", "v") { Params = [new("index_type", type), new("metric_type", metric.Name()), new("params", build)] });
        await InsertAsync(vectors, vectorType, dimension, 0);
        var flushed = await Proxy.FlushAsync(Anyone, "c");
        await Until(async () => await Proxy.Maintenance.IsFlushedAsync(Collection, flushed.Timestamp, default));
        await Until(async () => await Proxy.Maintenance.GetIndexProgressAsync(Collection, Collection.Indexes[0], default) is { Phase: BuildPhase.Finished } done && done.IndexedRows == vectors.Length);
        await Proxy.ExecuteAsync(Anyone, new LoadCollection("default", "c"));
        await Proxy.Maintenance.WaitLoadedAsync(Collection, default);
    }

    private CollectionInfo Collection => Proxy.Catalog.GetCollection("default", "c");

    private static async Task Until(Func<Task<bool>> done)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await done()) await timer.WaitForNextTickAsync();
    }

    private async Task InsertAsync(byte[][] vectors, DataType type, int dimension, int from)
    {
        var column = new VectorColumnBuilder(type, dimension);
        foreach (var vector in vectors) column.Append(vector);
        await Proxy.InsertAsync(Anyone, new InsertRequest
        {
            Collection = "c",
            RowCount = vectors.Length,
            Columns =
            [
                new("id", new FixedColumn<long>(DataType.Int64, Enumerable.Range(from, vectors.Length).Select(i => (long)i).ToArray())),
                new("grp", new FixedColumn<int>(DataType.Int32, Enumerable.Range(from, vectors.Length).Select(i => i % 10).ToArray())),
                new("v", column.Build()),
            ],
        });
    }

    private async Task<SearchResult> SearchAsync(byte[] query, DataType type, string parameters, string filter) =>
        await Proxy.SearchAsync(Anyone, new SearchRequest
        {
            Collection = "c",
            Expression = filter,
            ConsistencyLevel = ConsistencyLevel.Strong,
            Vectors = new QueryVectors(type, [query]),
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "v").Add("topk", "10").Add("params", parameters),
        });

    private async Task CheckAsync(string type, MetricType metric, byte[][] vectors, string search, string filter)
    {
        var hits = 0;
        for (var q = 0; q < 20; q++)
        {
            var query = vectors[q * 7];
            var found = await SearchAsync(query, DataType.FloatVector, search, filter);
            Assert.Equal(10, found.TopKs[0]);
            var sign = metric.LargerIsBetter() ? -1 : 1;
            var exact = Enumerable.Range(0, Rows).Where(i => filter.Length == 0 || i % 10 < 5)
                .Select(i => (Id: (long)i, Score: ReferenceDistance.Score(DataType.FloatVector, metric, Dimension, query, vectors[i])))
                .OrderBy(h => sign * h.Score).Take(10).ToList();
            hits += found.Ids.Int64s.ToArray().Intersect(exact.Select(h => h.Id)).Count();
            for (var i = 0; i < 10; i++)
                Assert.Equal(ReferenceDistance.Score(DataType.FloatVector, metric, Dimension, query, vectors[found.Ids.Int64s[i]]), found.Scores[i], 1e-4);
        }
        Assert.True(hits >= 194, $"{type}: {hits} of 200");
    }

    private static byte[] Clustered(Random random)
    {
        var centre = new Random(random.Next(40));
        var row = new byte[Dimension * 4];
        for (var i = 0; i < Dimension; i++) BitConverter.TryWriteBytes(row.AsSpan(i * 4), centre.NextSingle() + (0.5f * random.NextSingle()) - 0.75f);
        return row;
    }
}
