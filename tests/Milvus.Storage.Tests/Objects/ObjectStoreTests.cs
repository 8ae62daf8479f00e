using Milvus.Storage.Files;
using Milvus.Storage.Objects;
using Milvus.TestKit.Disk;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Tests.Objects;

public sealed class InMemoryObjectStoreTests : ObjectStoreSpecification
{
    protected override IObjectStore Store { get; } = new InMemoryObjectStore();
}

public sealed class FaultlessFaultyObjectStoreTests : ObjectStoreSpecification
{
    protected override IObjectStore Store { get; } = new FaultyObjectStore(new InMemoryObjectStore());
}

public sealed class LocalObjectStoreTests : ObjectStoreSpecification, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public LocalObjectStoreTests() => Store = new LocalObjectStore(_directory.Path);

    protected override IObjectStore Store { get; }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Stores_that_share_a_directory_do_not_take_each_others_files()
    {
        // As the nodes of a cluster on one directory: both count their temporary files from one.
        var other = new LocalObjectStore(_directory.Path);
        var random = new Random(7);
        var contents = Enumerable.Range(0, 40).Select(i => RandomBytes(1 + random.Next(100_000), seed: i)).ToArray();
        await Task.WhenAll(Enumerable.Range(0, contents.Length).Select(i => Task.Run(async () =>
        {
            var store = i % 2 == 0 ? Store : other;
            await store.PutAsync($"seg/{i % 5}/{i}", async (stream, token) =>
            {
                foreach (var part in contents[i].Chunk(10_000))
                {
                    await stream.WriteAsync(part, token);
                    await Task.Yield();
                }
            });
            await store.PutAsync($"gone/{i % 3}/{i}", contents[i]);
            await store.DeleteAsync($"gone/{i % 3}/{i}");
        })));
        for (var i = 0; i < contents.Length; i++) Assert.Equal(contents[i], await Store.ReadAllBytesAsync($"seg/{i % 5}/{i}"));
    }

    [Fact]
    public async Task A_store_that_is_opened_beside_does_not_remove_what_is_being_written()
    {
        await Store.PutAsync("slow", async (stream, token) =>
        {
            await stream.WriteAsync(RandomBytes(1000, seed: 1), token);
            _ = new LocalObjectStore(_directory.Path);
            await stream.WriteAsync(RandomBytes(1000, seed: 2), token);
        });
        Assert.Equal(2000, await Store.GetLengthAsync("slow"));
    }

    [Fact]
    public async Task Objects_survive_reopening()
    {
        await Store.PutAsync("x/y", RandomBytes(10, seed: 1));

        Assert.Equal(RandomBytes(10, seed: 1), await new LocalObjectStore(_directory.Path).ReadAllBytesAsync("x/y"));
    }

    [Fact]
    public async Task Leftovers_of_interrupted_writes_are_removed_and_never_listed()
    {
        var leftover = _directory.Combine(".tmp", "17.part");
        await File.WriteAllBytesAsync(leftover, [1, 2, 3]);

        Assert.Empty(await ListKeysAsync(""));
        _ = new LocalObjectStore(_directory.Path);
        Assert.False(File.Exists(leftover));
    }

    [Fact]
    public async Task Deleting_the_last_object_removes_its_directories()
    {
        await Store.PutAsync("c/p/s/1.col", RandomBytes(10, seed: 1));
        await Store.PutAsync("c/q/s/1.col", RandomBytes(10, seed: 1));
        await Store.DeleteAsync("c/p/s/1.col");

        Assert.False(Directory.Exists(_directory.Combine("c", "p")));
        Assert.True(Directory.Exists(_directory.Combine("c", "q", "s")));
    }

    [Fact]
    public async Task The_local_path_holds_the_bytes()
    {
        await Store.PutAsync("m/1", RandomBytes(99, seed: 3));

        Assert.Equal(RandomBytes(99, seed: 3), await File.ReadAllBytesAsync(Store.TryGetLocalPath("m/1")!));
    }

    [Fact]
    public async Task A_missing_object_names_the_path()
    {
        var e = await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.OpenReadAsync("segments/1.col"));

        Assert.Equal(_directory.Combine("segments", "1.col"), e.Location);
    }
}

public sealed class FaultyObjectStoreTests
{
    private readonly InMemoryObjectStore _inner = new();
    private readonly FaultyObjectStore _store;

    public FaultyObjectStoreTests() => _store = new FaultyObjectStore(_inner);

    [Fact]
    public async Task The_nth_call_fails()
    {
        _store.FailCall(2, ObjectOperation.Put);
        await _store.PutAsync("a", new byte[1]);

        await Assert.ThrowsAsync<IOException>(() => _store.PutAsync("b", new byte[1]));
        await _store.PutAsync("c", new byte[1]);
        Assert.Null(await _store.GetLengthAsync("b"));
    }

    [Fact]
    public async Task A_full_disk_stores_nothing_and_is_recognised()
    {
        _store.FreeBytes = 100;
        await _store.PutAsync("fits", new byte[60]);
        var e = await Assert.ThrowsAsync<IOException>(() => _store.PutAsync("too-big", new byte[60]));

        Assert.True(DiskErrors.IsDiskFull(e));
        Assert.Null(await _store.GetLengthAsync("too-big"));
        _store.Heal();
        await _store.PutAsync("too-big", new byte[60]);
    }

    [Fact]
    public async Task Lost_and_cut_objects_look_so()
    {
        await _store.PutAsync("a", new byte[10]);
        _store.CutReads("a", 4);
        Assert.Equal(4, (await _store.ReadAllBytesAsync("a")).Length);
        _store.Lose("a");
        await Assert.ThrowsAsync<ObjectNotFoundException>(() => _store.OpenReadAsync("a"));
        Assert.Equal(0, await _store.GetUsedBytesAsync(""));
    }
}
