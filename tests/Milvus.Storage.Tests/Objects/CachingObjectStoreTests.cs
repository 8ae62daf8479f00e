using Milvus.Storage.Objects;
using Milvus.TestKit.Disk;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Tests.Objects;

public sealed class CachingObjectStoreSpecificationTests : ObjectStoreSpecification, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public CachingObjectStoreSpecificationTests() => Store = new CachingObjectStore(new InMemoryObjectStore(), _directory.Path, 400_000);

    protected override IObjectStore Store { get; }

    public void Dispose() => _directory.Dispose();
}

public sealed class CachingObjectStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly InMemoryObjectStore _objects = new();
    private readonly FaultyObjectStore _remote;
    private readonly CachingObjectStore _store;

    public CachingObjectStoreTests()
    {
        _remote = new FaultyObjectStore(_objects);
        _store = new CachingObjectStore(_remote, _directory.Path, 1000);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_object_is_fetched_once_however_often_it_is_read()
    {
        _objects.Set("a/b", Bytes(300, 1));
        Assert.Equal(Bytes(300, 1), await _store.ReadAllBytesAsync("a/b"));
        var calls = _remote.Calls;
        Assert.Equal(Bytes(300, 1), await _store.ReadAllBytesAsync("a/b"));
        Assert.Equal(Bytes(300, 1)[10..30], await RangeAsync("a/b", 10, 20));

        Assert.Equal(calls, _remote.Calls);
        Assert.Equal((2, 1), (_store.Hits, _store.Misses));
        Assert.Equal(300, _store.CachedBytes);
    }

    [Fact]
    public async Task The_least_recently_used_copies_leave_first()
    {
        foreach (var key in new[] { "a", "b", "c" }) _objects.Set(key, Bytes(400, key[0]));
        await _store.ReadAllBytesAsync("a");
        await _store.ReadAllBytesAsync("b");
        await _store.ReadAllBytesAsync("a");
        await _store.ReadAllBytesAsync("c");

        Assert.Equal(800, _store.CachedBytes);
        var hits = _store.Hits;
        await _store.ReadAllBytesAsync("a");
        Assert.Equal(hits + 1, _store.Hits);
        await _store.ReadAllBytesAsync("b");
        Assert.Equal(hits + 1, _store.Hits);
    }

    [Fact]
    public async Task Copies_survive_a_restart_unless_they_are_not_whole()
    {
        _objects.Set("s/whole", Bytes(200, 1));
        _objects.Set("s/cut", Bytes(200, 2));
        await _store.ReadAllBytesAsync("s/whole");
        await _store.ReadAllBytesAsync("s/cut");
        using (var file = File.OpenWrite(Directory.GetFiles(_directory.Combine("s"), "cut*").Single())) file.SetLength(199);

        var again = new CachingObjectStore(_remote, _directory.Path, 1000);
        Assert.Equal(200, again.CachedBytes);
        Assert.Equal(Bytes(200, 1), await again.ReadAllBytesAsync("s/whole"));
        Assert.Equal(Bytes(200, 2), await again.ReadAllBytesAsync("s/cut"));
        Assert.Equal((1, 1), (again.Hits, again.Misses));
    }

    [Fact]
    public async Task A_copy_cut_or_deleted_behind_the_back_is_fetched_again()
    {
        _objects.Set("x", Bytes(100, 1));
        await _store.ReadAllBytesAsync("x");
        var file = Directory.GetFiles(_directory.Path, "x*").Single();
        using (var cut = File.OpenWrite(file)) cut.SetLength(50);
        Assert.Equal(Bytes(100, 1), await _store.ReadAllBytesAsync("x"));
        File.Delete(file);
        Assert.Equal(Bytes(100, 1), await _store.ReadAllBytesAsync("x"));
        Assert.Equal(100, _store.CachedBytes);
    }

    [Fact]
    public async Task A_smaller_limit_at_the_next_start_holds()
    {
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            _objects.Set(key, Bytes(250, key[0]));
            await _store.ReadAllBytesAsync(key);
        }
        Assert.Equal(500, new CachingObjectStore(_remote, _directory.Path, 600).CachedBytes);
        Assert.Equal(2, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public async Task What_is_larger_than_the_cache_passes_by_it()
    {
        _objects.Set("big", Bytes(1001, 1));
        Assert.Equal(Bytes(1001, 1), await _store.ReadAllBytesAsync("big"));
        Assert.Equal(0, _store.CachedBytes);
    }

    [Fact]
    public async Task A_read_cut_short_on_the_way_is_not_kept()
    {
        _objects.Set("x", Bytes(100, 1));
        _remote.CutReads("x", 40);
        Assert.Equal(40, (await _store.ReadAllBytesAsync("x")).Length);
        Assert.Equal(0, _store.CachedBytes);
        _remote.Heal();
        Assert.Equal(Bytes(100, 1), await _store.ReadAllBytesAsync("x"));
    }

    [Fact]
    public async Task A_failing_remote_fails_reads_of_what_is_not_there_only()
    {
        _objects.Set("here", Bytes(10, 1));
        _objects.Set("there", Bytes(10, 2));
        await _store.ReadAllBytesAsync("here");
        _remote.FailCall(1, onwards: true);

        Assert.Equal(Bytes(10, 1), await _store.ReadAllBytesAsync("here"));
        await Assert.ThrowsAsync<IOException>(() => _store.ReadAllBytesAsync("there"));
        _remote.Heal();
        Assert.Equal(Bytes(10, 2), await _store.ReadAllBytesAsync("there"));
    }

    [Fact]
    public async Task An_unusable_directory_costs_speed_only()
    {
        _objects.Set("x", Bytes(10, 1));
        Directory.Delete(_directory.Path, recursive: true);
        Assert.Equal(Bytes(10, 1), await _store.ReadAllBytesAsync("x"));
        Directory.CreateDirectory(_directory.Path);
    }

    [Fact]
    public async Task An_evicted_copy_is_fetched_anew()
    {
        _objects.Set("x", Bytes(10, 1));
        await _store.ReadAllBytesAsync("x");
        _objects.Set("x", Bytes(10, 2));
        Assert.Equal(Bytes(10, 1), await _store.ReadAllBytesAsync("x"));
        _store.Evict("x");
        Assert.Equal(Bytes(10, 2), await _store.ReadAllBytesAsync("x"));
    }

    [Fact]
    public async Task Many_readers_at_once_fetch_once()
    {
        _objects.Set("x", Bytes(900, 1));
        await _store.ReadAllBytesAsync("x");
        var perFetch = _remote.Calls;
        _store.Evict("x");
        await Parallel.ForAsync(0, 50, async (_, _) => Assert.Equal(Bytes(900, 1), await _store.ReadAllBytesAsync("x")));

        Assert.Equal(2 * perFetch, _remote.Calls);
    }

    [Fact]
    public async Task Readers_always_get_the_right_bytes_while_copies_come_and_go()
    {
        for (var i = 0; i < 20; i++) _objects.Set($"k/{i}", Bytes(100 + (i * 7), i));
        await Parallel.ForAsync(0, 600, async (n, _) =>
        {
            var i = n * 7919 % 20;
            if (n % 11 == 0) _store.Evict($"k/{i}");
            Assert.Equal(Bytes(100 + (i * 7), i), await _store.ReadAllBytesAsync($"k/{i}"));
            Assert.InRange(_store.CachedBytes, 0, 1000);
        });
        Assert.Equal(_store.CachedBytes, Directory.GetFiles(_directory.Path, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length));
    }

    private async Task<byte[]> RangeAsync(string key, long offset, long length)
    {
        await using var stream = await _store.OpenReadAsync(key, offset, length);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        return memory.ToArray();
    }

    private static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
