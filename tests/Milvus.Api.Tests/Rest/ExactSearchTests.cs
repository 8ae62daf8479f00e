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

/// <summary>
/// An exact search through the whole stack equals a plain double-precision scan: every vector type with every metric that is valid for it,
/// over growing segments, sealed ones and both, with and without a filter, after deletes.
/// </summary>
public sealed class ExactSearchTests : IAsyncLifetime, IDisposable
{
    private const int Rows = 700;
    private const int Dimension = 24;
    private static readonly RequestContext Anyone = RequestContext.Default;

    private readonly TemporaryDirectory _directory = new();
    private EmbeddedMilvus _milvus = null!;

    public static TheoryData<DataType, MetricType> Cases()
    {
        var cases = new TheoryData<DataType, MetricType>();
        foreach (var type in new[] { DataType.FloatVector, DataType.Float16Vector, DataType.BFloat16Vector, DataType.Int8Vector })
            foreach (var metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
                cases.Add(type, metric);
        foreach (var metric in new[] { MetricType.Hamming, MetricType.Jaccard, MetricType.Substructure, MetricType.Superstructure }) cases.Add(DataType.BinaryVector, metric);
        cases.Add(DataType.SparseFloatVector, MetricType.IP);
        return cases;
    }

    public async Task InitializeAsync() =>
        _milvus = await EmbeddedMilvus.OpenAsync(_directory.Path, RestServer.Engine, TimeProvider.System, NullLoggerFactory.Instance);

    public async Task DisposeAsync() => await _milvus.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_flat_search_equals_a_scan(DataType type, MetricType metric)
    {
        var random = new Random(((int)type * 100) + (int)metric);
        var collection = await CreateAsync(type, metric);
        var rows = new Dictionary<long, (int Group, byte[] Vector)>();

        // All growing; then half sealed and half growing, with deletes in both; then all sealed.
        await InsertAsync(collection, type, random, rows, 0);
        await CheckAsync(collection, type, metric, random, rows);
        await FlushAsync(collection);
        await InsertAsync(collection, type, random, rows, Rows);
        await DeleteAsync(collection, rows, random);
        await CheckAsync(collection, type, metric, random, rows);
        await FlushAsync(collection);
        await CheckAsync(collection, type, metric, random, rows);
    }

    private IMilvusProxy Proxy => _milvus.Proxy;

    private async Task<string> CreateAsync(DataType type, MetricType metric)
    {
        var name = $"{type}_{metric}";
        var schema = new CollectionSchema(
        [
            new FieldSchema { Name = "id", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Name = "grp", Type = DataType.Int32 },
            new FieldSchema { Name = "v", Type = type, TypeParams = type == DataType.SparseFloatVector ? [] : [new("dim", Dimension.ToString(CultureInfo.InvariantCulture))] },
        ]);
        // Sparse vectors have no FLAT; their inverted index is exact unless told to drop. Int8 has HNSW alone: too few rows to build one.
        var index = type switch
        {
            DataType.SparseFloatVector => "SPARSE_INVERTED_INDEX",
            DataType.BinaryVector => "BIN_FLAT",
            DataType.Int8Vector => "HNSW",
            _ => "FLAT",
        };
        await Proxy.ExecuteAsync(Anyone, new CreateCollection("default", name, schema) { Shards = 2 });
        await Proxy.ExecuteAsync(Anyone, new CreateIndex("default", name, "v") { Params = [new("index_type", index), new("metric_type", metric.Name())] });
        await Proxy.ExecuteAsync(Anyone, new LoadCollection("default", name));
        await Proxy.Maintenance.WaitLoadedAsync(Proxy.Catalog.GetCollection("default", name), default);
        return name;
    }

    private async Task InsertAsync(string collection, DataType type, Random random, Dictionary<long, (int Group, byte[] Vector)> rows, int from)
    {
        var ids = Enumerable.Range(from, Rows).Select(i => (long)i).ToArray();
        var groups = ids.Select(_ => random.Next(50)).ToArray();
        var vectors = type == DataType.SparseFloatVector ? (ColumnBuilder)new BinaryColumnBuilder(type) : new VectorColumnBuilder(type, Dimension);
        for (var i = 0; i < Rows; i++)
        {
            var vector = RandomVector(type, random);
            if (vectors is BinaryColumnBuilder sparse) sparse.Append(vector);
            else ((VectorColumnBuilder)vectors).Append(vector);
            rows[ids[i]] = (groups[i], vector);
        }
        await Proxy.InsertAsync(Anyone, new InsertRequest
        {
            Collection = collection,
            RowCount = Rows,
            Columns = [new("id", new FixedColumn<long>(DataType.Int64, ids)), new("grp", new FixedColumn<int>(DataType.Int32, groups)), new("v", vectors.Build())],
        });
    }

    private async Task DeleteAsync(string collection, Dictionary<long, (int Group, byte[] Vector)> rows, Random random)
    {
        var gone = rows.Keys.Where(_ => random.Next(10) == 0).ToArray();
        await Proxy.DeleteAsync(Anyone, new DeleteRequest { Collection = collection, Keys = PrimaryKeys.Of(gone) });
        foreach (var id in gone) rows.Remove(id);
    }

    private async Task FlushAsync(string collection)
    {
        var flushed = await Proxy.FlushAsync(Anyone, collection);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await Proxy.Maintenance.IsFlushedAsync(Proxy.Catalog.GetCollection("default", collection), flushed.Timestamp, default)
            || !await Proxy.Maintenance.AreFlushedAsync(flushed.SegmentIds, default))
        {
            await timer.WaitForNextTickAsync();
        }
    }

    private async Task CheckAsync(string collection, DataType type, MetricType metric, Random random, Dictionary<long, (int Group, byte[] Vector)> rows)
    {
        foreach (var (filter, groups) in new[] { ("", 50), ("grp < 25", 25), ("grp == 0", 1), ("grp > 99", 0) })
        {
            const int Wanted = 12;
            var queries = Enumerable.Range(0, 3).Select(_ => RandomVector(type, random)).ToList();
            var result = await Proxy.SearchAsync(Anyone, new SearchRequest
            {
                Collection = collection,
                Expression = filter,
                ConsistencyLevel = ConsistencyLevel.Strong,
                Vectors = new QueryVectors(type, [.. queries.Select(q => (ReadOnlyMemory<byte>)q)]),
                Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "v").Add("topk", "12").Add("params", "{}"),
            });
            var at = 0;
            for (var q = 0; q < queries.Count; q++)
            {
                var expected = Scan(type, metric, queries[q], rows.Where(r => r.Value.Group < groups));
                Assert.Equal(Math.Min(Wanted, expected.Count), result.TopKs[q]);
                for (var i = 0; i < result.TopKs[q]; i++, at++)
                {
                    var id = result.Ids.Int64s[at];
                    var own = expected.First(e => e.Id == id).Score;
                    // Scores agree to float precision; equal ones may stand in either order only where rounding makes them differ.
                    Near(own, result.Scores[at]);
                    Near(expected[i].Score, result.Scores[at]);
                }
            }
        }
    }

    private static void Near(double expected, float actual) => Assert.InRange(actual, expected - Slack(expected), expected + Slack(expected));

    private static double Slack(double score) => 1e-5 * Math.Max(1, Math.Abs(score));

    private static List<(long Id, double Score)> Scan(DataType type, MetricType metric, byte[] query, IEnumerable<KeyValuePair<long, (int Group, byte[] Vector)>> rows)
    {
        var largerFirst = metric is MetricType.IP or MetricType.Cosine;
        var scored = new List<(long Id, double Score)>();
        foreach (var (id, row) in rows)
        {
            if (type == DataType.SparseFloatVector)
            {
                // A row that shares no index with the query is no hit.
                if (Product(query, row.Vector) is { } product) scored.Add((id, product));
                continue;
            }
            scored.Add((id, ReferenceDistance.Score(type, metric, Dimension, query, row.Vector)));
        }
        return [.. largerFirst ? scored.OrderByDescending(s => s.Score).ThenBy(s => s.Id) : scored.OrderBy(s => s.Score).ThenBy(s => s.Id)];
    }

    private static double? Product(byte[] a, byte[] b)
    {
        var left = Enumerable.Range(0, a.Length / 8).ToDictionary(i => BitConverter.ToUInt32(a, i * 8), i => (double)BitConverter.ToSingle(a, (i * 8) + 4));
        double? product = null;
        for (var i = 0; i < b.Length; i += 8)
            if (left.TryGetValue(BitConverter.ToUInt32(b, i), out var value)) product = (product ?? 0) + (value * BitConverter.ToSingle(b, i + 4));
        return product;
    }

    private static byte[] RandomVector(DataType type, Random random)
    {
        if (type == DataType.SparseFloatVector)
        {
            var indices = Enumerable.Range(0, random.Next(1, 9)).Select(_ => (uint)random.Next(60)).Distinct().Order();
            return [.. indices.SelectMany(i => BitConverter.GetBytes(i).Concat(BitConverter.GetBytes(random.NextSingle() + 0.01f)))];
        }
        var bytes = new byte[type.VectorBytes(Dimension)];
        random.NextBytes(bytes);
        for (var i = 0; i < Dimension && type is not (DataType.BinaryVector or DataType.Int8Vector); i++)
        {
            var value = (random.NextSingle() * 2) - 1;
            if (type == DataType.FloatVector) BitConverter.TryWriteBytes(bytes.AsSpan(i * 4), value);
            else if (type == DataType.Float16Vector) BitConverter.TryWriteBytes(bytes.AsSpan(i * 2), (Half)value);
            else BitConverter.TryWriteBytes(bytes.AsSpan(i * 2), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }
        // Rows of bits that a query can be part of, or contain, do not happen by chance.
        if (type == DataType.BinaryVector && random.Next(4) == 0) Array.Fill(bytes, (byte)(random.Next(2) == 0 ? 0 : 255));
        return bytes;
    }
}
