using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments.Tests.Reading;
using Milvus.Storage.Objects;
using Milvus.Storage.Segments;
using Milvus.Vectors;

namespace Milvus.Segments.Tests.Sealed;

public sealed class DiskGraphTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("disk-graph-").FullName;
    private readonly SegmentScratch _scratch = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2, false)]
    [InlineData(DataType.Float16Vector, MetricType.Cosine, false)]
    [InlineData(DataType.FloatVector, MetricType.IP, true)]
    public async Task A_graph_on_disk_answers_for_its_segment(DataType type, MetricType metric, bool allOnDisk)
    {
        var fixture = new VectorFixture(type, 32, seed: 19).Fill(2000);
        var plan = Plan(metric, allOnDisk);
        var built = await IndexWriter.BuildAsync(await fixture.SealAsync(), plan, fixture.Store);
        Assert.Equal(allOnDisk ? SegmentIndexPlan.AllOnDisk : SegmentIndexPlan.DiskGraph, Assert.Single(built.Manifest.Indexes).Kind);
        var indexed = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, fixture.Store);
        indexed.Delete(fixture.Growing.DeletesSince(Timestamp.Zero));
        foreach (var segment in (SealedSegment[])[built, indexed])
        {
            var index = Assert.IsType<DiskGraphIndex>(segment.FindIndex(VectorFixture.Vector)!.Dense);
            Assert.Equal((allOnDisk, metric), (index.IsAllOnDisk, index.Metric));
            double found = 0, wanted = 0;
            for (var round = 0; round < 12; round++)
            {
                var query = fixture.RandomVector();
                var limit = round % 2 == 0 ? 40 : 2;
                var filter = Filter.Compile($"group < {limit}", fixture.Schema);
                var at = round % 5 == 0 ? new Timestamp(100 + (fixture.Now.Value / 2)) : fixture.Now;
                var exact = fixture.Exact(query, metric, at, r => r.Group < limit);
                var request = fixture.Request(metric, round % 3 == 0 ? 3000 : 10, query) with { Ef = 60, BeamWidth = 4, At = new ReadPoint(at), Filter = filter };
                var hits = SegmentSearcher.Search(segment, request, _scratch)[0];
                Assert.Equal(Math.Min(request.K, exact.Count), hits.Count);
                Assert.Subset(exact.Select(e => e.Row).ToHashSet(), hits.Rows.ToHashSet());
                var worst = exact[hits.Count - 1].Score;
                found += hits.Scores.Count(s => metric.LargerIsBetter() ? s >= worst - 1e-3 : s <= worst + 1e-3);
                wanted += hits.Count;
            }
            Assert.InRange(found / wanted, 0.95, 1);
        }
        Assert.InRange(SealedSegment.EstimateMemory(built.Manifest, fixture.Schema), built.MemoryBytes / 2, built.MemoryBytes * 2);
    }

    [Fact]
    public async Task A_local_store_serves_its_own_file_even_when_the_object_is_gone()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 16, seed: 20).Fill(600, nulls: false);
        var local = new LocalObjectStore(Path.Combine(_directory, "objects"));
        var manifest = await SegmentWriter.SealAsync(fixture.Growing, new SegmentPlace(5, 1, 2, 0), Timestamp.Zero, local);
        var built = await IndexWriter.BuildAsync(await SealedSegment.LoadAsync(manifest, fixture.Schema, local), Plan(MetricType.L2, false), local);
        var cached = new CachingObjectStore(local, Path.Combine(_directory, "cache"), 1 << 30);
        var fromCache = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, cached);
        await cached.DeleteAsync(built.Manifest.Indexes[0].ObjectKey);
        var request = fixture.Request(MetricType.L2, 600, fixture.RandomVector());
        foreach (var segment in (SealedSegment[])[built, fromCache])
            Assert.Equal(600, SegmentSearcher.Search(segment, request, _scratch)[0].Rows.Distinct().Count());
        await Assert.ThrowsAnyAsync<IntegrityException>(() => SealedSegment.LoadAsync(built.Manifest, fixture.Schema, cached));
    }

    [Fact]
    public async Task Damage_is_found_at_loading_or_at_reading_and_names_the_object()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 16, seed: 21).Fill(500, nulls: false);
        var built = await IndexWriter.BuildAsync(await fixture.SealAsync(), Plan(MetricType.L2, false), fixture.Store);
        var key = built.Manifest.Indexes[0].ObjectKey;
        var whole = await fixture.Store.ReadAllBytesAsync(key);
        foreach (var position in (int[])[3, 70, 4096 + 10, whole.Length - 4000])
        {
            byte[] damaged = [.. whole];
            damaged[position] ^= 4;
            await fixture.Store.PutAsync(key, damaged);
            var problem = await Assert.ThrowsAnyAsync<IntegrityException>(async () =>
            {
                var segment = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, fixture.Store);
                SegmentSearcher.Search(segment, fixture.Request(MetricType.L2, 500, fixture.RandomVector()), _scratch);
            });
            Assert.Equal(key, problem.DamagedSource);
        }
    }

    [Fact]
    public async Task A_field_of_nulls_gets_an_index_that_finds_nothing()
    {
        var fixture = new VectorFixture(DataType.FloatVector, 8, seed: 11);
        fixture.Growing.Append(
            new ColumnBatch(3, [new(VectorFixture.Key, PrimaryKeys.Of(1, 2, 3).Column), new(VectorFixture.Group, PrimaryKeys.Of(1, 1, 1).Column)]), new Timestamp(5));
        var built = await IndexWriter.BuildAsync(await fixture.SealAsync(), Plan(MetricType.L2, true), fixture.Store);
        var indexed = await SealedSegment.LoadAsync(built.Manifest, fixture.Schema, fixture.Store);
        Assert.Equal(0, SegmentSearcher.Search(indexed, fixture.Request(MetricType.L2, 5, fixture.RandomVector()), _scratch)[0].Count);
    }

    private static SegmentIndexPlan Plan(MetricType metric, bool allOnDisk) => new(VectorFixture.Vector, 9, SegmentIndexPlan.DiskGraph, metric)
    {
        DiskParameters = (allOnDisk ? DiskGraphParameters.AllOnDisk : new DiskGraphParameters()) with { MaxDegree = 24, CacheRatio = 0 },
    };
}
