using Milvus.Storage.Segments;
using Milvus.TestKit.Objects;

namespace Milvus.DataNode.Tests;

public sealed class GarbageCollectorTests
{
    private readonly InMemoryObjectStore _objects = new();
    private readonly HashSet<string> _live = [];

    [Fact]
    public async Task Removes_what_nothing_refers_to_and_counts_it()
    {
        Put("c/1/a", 10);
        Put("c/1/b", 20);
        Put("c/2/a", 30);
        _live.Add("c/1/a");
        Assert.Equal((2, 50), await Collector().CollectAsync("c/", default));
        Assert.Equal(["c/1/a"], await KeysAsync());
        Assert.Equal((0, 0), await Collector().CollectAsync("c/", default));
    }

    [Fact]
    public async Task Leaves_other_prefixes_alone()
    {
        Put("c/1/a", 10);
        Put("d/1/a", 10);
        await Collector().CollectAsync("c/", default);
        Assert.Equal(["d/1/a"], await KeysAsync());
    }

    [Fact]
    public async Task Spares_what_is_being_written_until_every_writer_is_done()
    {
        Put("c/1/a", 10);
        var collector = Collector();
        var first = await collector.ProtectAsync("c/1/", default);
        var second = await collector.ProtectAsync("c/1/", default);
        first.Dispose();
        first.Dispose();
        Assert.Equal((0, 0), await collector.CollectAsync("c/", default));
        second.Dispose();
        Assert.Equal((1, 10), await collector.CollectAsync("c/", default));
    }

    [Fact]
    public async Task Spares_a_write_that_ends_with_its_commit_while_it_collects()
    {
        Put("c/1/a", 10);
        GarbageCollector collector = null!;
        var writing = default(IDisposable);
        // The commit falls between listing the objects and asking which are live: the protection is gone, but so is the need.
        collector = new GarbageCollector(_objects, () =>
        {
            _live.Add("c/1/a");
            writing!.Dispose();
            return _live;
        });
        writing = await collector.ProtectAsync("c/1/", default);
        Assert.Equal((0, 0), await collector.CollectAsync("c/", default));
    }

    [Fact]
    public async Task Spares_a_write_that_began_after_the_listing_began()
    {
        Put("c/1/a", 10);
        IDisposable? writing = null;
        GarbageCollector collector = null!;
        var slow = new ListingStore(_objects, () => writing = collector.ProtectAsync("c/1/", default).GetAwaiter().GetResult());
        collector = new GarbageCollector(slow, () => _live);
        Assert.Equal((0, 0), await collector.CollectAsync("c/", default));
        Assert.NotNull(writing);
    }

    [Fact]
    public async Task Spares_a_file_that_is_written_again_under_its_old_name()
    {
        Put("c/1/a", 10);
        GarbageCollector collector = null!;
        // The writer begins and commits between the look at what is live and the removal.
        collector = new GarbageCollector(_objects, () =>
        {
            var before = _live.ToList();
            using (collector.ProtectAsync("c/1/", default).GetAwaiter().GetResult()) _live.Add("c/1/a");
            return before;
        });
        Assert.Equal((0, 0), await collector.CollectAsync("c/", default));
        Assert.Equal(["c/1/a"], await KeysAsync());
    }

    [Fact]
    public async Task Terms_of_a_column_live_as_long_as_the_column()
    {
        var terms = SegmentKeys.Terms("c/1/a.col", "");
        Put("c/1/a.col", 10);
        Put(terms, 5);
        _live.Add("c/1/a.col");
        Assert.Equal((0, 0), await Collector().CollectAsync("c/", default));
        _live.Clear();
        Assert.Equal((2, 15), await Collector().CollectAsync("c/", default));
    }

    private GarbageCollector Collector() => new(_objects, () => _live);

    private void Put(string key, int bytes) => _objects.Set(key, new byte[bytes]);

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var o in _objects.ListAsync("")) keys.Add(o.Key);
        return keys;
    }
}
