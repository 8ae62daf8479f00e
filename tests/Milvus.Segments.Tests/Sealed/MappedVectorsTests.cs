using System.Collections.Immutable;
using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments.Tests.Reading;
using Milvus.Storage.Objects;
using Milvus.TestKit.Disk;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Sealed;

/// <summary>A segment whose vectors stay in files answers everything as one in memory.</summary>
public sealed class MappedVectorsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SegmentScratch _scratch = new();

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.Cosine, false, true)]
    [InlineData(DataType.FloatVector, MetricType.L2, true, true)]
    [InlineData(DataType.FloatVector, MetricType.IP, false, false)]
    [InlineData(DataType.BFloat16Vector, MetricType.L2, false, true)]
    [InlineData(DataType.Int8Vector, MetricType.Cosine, true, false)]
    [InlineData(DataType.BinaryVector, MetricType.Hamming, false, true)]
    public async Task Searches_and_reads_are_the_same(DataType type, MetricType metric, bool nulls, bool isLocal)
    {
        var fixture = new VectorFixture(type, 24, seed: 5).Fill(2600, nulls: nulls);
        var manifest = (await fixture.SealAsync()).Manifest;
        IObjectStore store = isLocal ? await CopyAsync(fixture) : fixture.Store;
        var memory = await SealedSegment.LoadAsync(manifest, fixture.Schema, store);
        var mapped = await SealedSegment.LoadAsync(manifest, fixture.Schema, store, Placement());
        Assert.True(mapped.MemoryBytes < memory.MemoryBytes - (2000L * type.VectorBytes(24)));
        var vectors = memory.Fetch(VectorFixture.Vector, [.. Enumerable.Range(0, 2600)]).Count * (long)type.VectorBytes(24);
        Assert.Equal(vectors, SealedSegment.EstimateMemory(manifest, fixture.Schema) - SealedSegment.EstimateMemory(manifest, fixture.Schema, Placement()));
        foreach (var segment in (SealedSegment[])[memory, mapped]) segment.Delete(fixture.Growing.DeletesSince(Timestamp.Zero));

        var kinds = new List<string?> { null, SegmentIndexPlan.Hnsw };
        if (metric != MetricType.Hamming) kinds.Add(SegmentIndexPlan.Ivf);
        foreach (var kind in kinds)
        {
            if (kind is not null)
            {
                var plan = new SegmentIndexPlan(VectorFixture.Vector, 9, kind, metric)
                {
                    HnswParameters = new HnswParameters { M = 16, EfConstruction = 60, Codes = GraphCodes.Signs },
                    IvfParameters = new IvfParameters { Lists = 8, Coding = IvfCoding.Scalar, Bits = 8 },
                };
                memory = await IndexWriter.BuildAsync(memory, plan, store);
                mapped = await IndexWriter.BuildAsync(mapped, plan, store);
            }
            Compare(fixture, metric, memory, mapped);
        }
        var reloaded = await SealedSegment.LoadAsync(mapped.Manifest, fixture.Schema, store, Placement());
        reloaded.Delete(fixture.Growing.DeletesSince(Timestamp.Zero));
        Compare(fixture, metric, memory, reloaded);
    }

    [Fact]
    public async Task Compaction_reads_mapped_segments_and_may_delete_their_files()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 6).Fill(900, nulls: false);
        var manifest = (await fixture.SealAsync()).Manifest;
        var store = await CopyAsync(fixture);
        var mapped = await SealedSegment.LoadAsync(manifest, fixture.Schema, store, Placement());
        mapped.Delete(fixture.Growing.DeletesSince(Timestamp.Zero));
        var merged = await SegmentWriter.WriteAsync([SegmentRows.Of(mapped)], fixture.Schema, new SegmentPlace(6, 1, 2, 0), fixture.Now, store);
        foreach (var column in manifest.Columns) await store.DeleteAsync(column.ObjectKey);
        var compacted = await SealedSegment.LoadAsync(merged, fixture.Schema, store, Placement());
        var query = fixture.RandomVector();
        var before = SegmentSearcher.Search(mapped, fixture.Request(MetricType.L2, 30, query), _scratch)[0];
        var after = SegmentSearcher.Search(compacted, fixture.Request(MetricType.L2, 30, query), _scratch)[0];
        Assert.Equal(before.Scores, after.Scores);
        Assert.Equal(fixture.Rows.Count(r => r.DeletedAt == Timestamp.Max), compacted.RowCount);
    }

    [Fact]
    public async Task Damage_is_found_at_loading()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 7).Fill(500, nulls: false);
        var manifest = (await fixture.SealAsync()).Manifest;
        var store = await CopyAsync(fixture);
        var key = manifest.Columns.Single(c => c.FieldId == VectorFixture.Vector).ObjectKey;
        var path = store.TryGetLocalPath(key)!;
        var sound = await File.ReadAllBytesAsync(path);
        foreach (var position in (int[])[70, 8000, sound.Length - 40])
        {
            byte[] damaged = [.. sound];
            damaged[position] ^= 1;
            await File.WriteAllBytesAsync(path, damaged);
            await Assert.ThrowsAsync<IntegrityException>(() => SealedSegment.LoadAsync(manifest, fixture.Schema, store, Placement()));
        }
        File.Delete(path);
        await Assert.ThrowsAsync<ObjectNotFoundException>(() => SealedSegment.LoadAsync(manifest, fixture.Schema, store, Placement()));
    }

    [Fact]
    public async Task Lists_of_vectors_are_mapped_too()
    {
        var schema = new CollectionSchema(
        [
            new FieldSchema { Id = 100, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
            new FieldSchema { Id = 101, Name = "s[v]", Type = DataType.ArrayOfVector, ElementType = DataType.FloatVector, TypeParams = [new Property("dim", "6"), new Property("max_capacity", "8")] },
        ]);
        var random = new Random(8);
        var growing = new GrowingSegment(1, 2, schema);
        var offsets = new List<int> { 0 };
        var floats = new List<float>();
        for (var row = 0; row < 400; row++)
        {
            var count = random.Next(1, 6);
            for (var i = 0; i < count * 6; i++) floats.Add(random.NextSingle());
            offsets.Add(offsets[^1] + count);
        }
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(floats.ToArray().AsSpan()).ToArray();
        var column = new ArrayColumn(offsets.ToArray(), new VectorColumn(DataType.FloatVector, 6, bytes));
        growing.Append(new ColumnBatch(400, [new(100, PrimaryKeys.Of([.. Enumerable.Range(0, 400).Select(i => (long)i)]).Column), new(101, column)]), new Timestamp(5));
        var store = new Milvus.TestKit.Objects.InMemoryObjectStore();
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(5, 1, 2, 0), Timestamp.Zero, store);
        var placement = new SegmentPlacement { Fields = ImmutableDictionary<long, FieldPlacement>.Empty.Add(101, new FieldPlacement(true)), CopyDirectory = _directory.Path };

        // An exact index keeps every element rounded; how many there are the length of the file tells.
        var wide = new CollectionSchema([schema.Fields[0], schema.Fields[1] with { TypeParams = [new Property("dim", "64"), new Property("max_capacity", "8")] }]);
        var exact = manifest with { Indexes = [new SegmentIndexFile(101, 7, SegmentIndexPlan.Flat, "i", 100)] };
        var rounded = manifest.Columns.Single(c => c.FieldId == 101).Bytes / 256 * FlatIndex.BytesPerRow(DataType.FloatVector, 64);
        Assert.Equal(100 + rounded, SealedSegment.EstimateMemory(exact, wide) - SealedSegment.EstimateMemory(manifest, wide));
        var mapped = await SealedSegment.LoadAsync(manifest, schema, store, placement);
        Assert.True(mapped.MemoryBytes < (await SealedSegment.LoadAsync(manifest, schema, store)).MemoryBytes - (bytes.Length * 9L / 10));
        var request = new SegmentSearchRequest
        {
            FieldId = 101,
            Metric = MetricType.MaxSimIP,
            Queries = bytes.AsMemory(0, 6 * 4 * 3),
            QueryLists = [3],
            QueryType = DataType.FloatVector,
            QueryCount = 1,
            K = 20,
            At = ReadPoint.Latest,
        };
        var expected = SegmentSearcher.Search(growing, request, _scratch)[0];
        var found = SegmentSearcher.Search(mapped, request, _scratch)[0];
        Assert.Equal(expected.Rows, found.Rows);
        Assert.Equal(expected.Scores, found.Scores);
    }

    public void Dispose() => _directory.Dispose();

    private void Compare(VectorFixture fixture, MetricType metric, SealedSegment memory, SealedSegment mapped)
    {
        Assert.Equal(memory.ReadBlock(fixture.Schema.Find(VectorFixture.Vector)!, 0, 2600), mapped.ReadBlock(fixture.Schema.Find(VectorFixture.Vector)!, 0, 2600), (a, b) =>
            ((VectorColumn)a).Data.SequenceEqual(((VectorColumn)b).Data));
        for (var round = 0; round < 12; round++)
        {
            byte[][] queries = [fixture.RandomVector(), fixture.RandomVector()];
            var request = fixture.Request(metric, 1 + fixture.Random.Next(40), queries) with
            {
                Ef = 60,
                Nprobe = 4,
                Exhaustive = round % 5 == 4,
                Filter = round % 2 == 0 ? null : Filter.Compile($"group < {1 << (round % 6)}", fixture.Schema),
                Radius = round % 3 == 2 ? (metric.LargerIsBetter() ? -1f : 30f) : null,
                RangeFilter = round % 6 == 5 ? (metric.LargerIsBetter() ? 0.5f : 1f) : null,
            };
            var expected = SegmentSearcher.Search(memory, request, _scratch);
            var found = SegmentSearcher.Search(mapped, request, _scratch);
            for (var q = 0; q < queries.Length; q++)
            {
                Assert.Equal(expected[q].Rows, found[q].Rows);
                Assert.Equal(expected[q].Scores, found[q].Scores);
                var rows = expected[q].Rows;
                if (rows.Length > 0)
                    Assert.True(((VectorColumn)memory.Fetch(VectorFixture.Vector, rows)).Data.SequenceEqual(((VectorColumn)mapped.Fetch(VectorFixture.Vector, rows)).Data));
            }
        }
    }

    private SegmentPlacement Placement() => new()
    {
        Fields = ImmutableDictionary<long, FieldPlacement>.Empty.Add(VectorFixture.Vector, new FieldPlacement(IsMapped: true)),
        CopyDirectory = _directory.Combine("copies"),
    };

    private async Task<LocalObjectStore> CopyAsync(VectorFixture fixture)
    {
        var store = new LocalObjectStore(_directory.Combine(Guid.NewGuid().ToString("N")));
        await foreach (var o in fixture.Store.ListAsync(""))
        {
            await using var source = await fixture.Store.OpenReadAsync(o.Key);
            await store.PutAsync(o.Key, (stream, token) => source.CopyToAsync(stream, token));
        }
        return store;
    }
}
