using Milvus.Storage.Objects;
using Milvus.TestKit.Objects;

namespace Milvus.Storage.Minio.Tests;

/// <summary>The specification, and what is particular to a store that sends large objects in parts.</summary>
public sealed class MinioObjectStoreTests : ObjectStoreSpecification, IAsyncLifetime
{
    private MinioObjectStoreOptions? _options;
    private MinioObjectStore? _store;

    protected override IObjectStore Store => _store!;

    public async Task InitializeAsync()
    {
        _options = await StorageUnderTest.NewOptionsAsync();
        _store = new MinioObjectStore(_options);
    }

    public async Task DisposeAsync()
    {
        await Store.DeletePrefixAsync("");
        _store!.Dispose();
    }

    [Theory]
    [InlineData((5 << 20) - 1)]
    [InlineData(5 << 20)]
    [InlineData((16 << 20) + 1)]
    [InlineData(36_000_000)]
    public async Task Large_objects_come_back_whole_and_in_ranges(int length)
    {
        var content = RandomBytes(length, seed: length);
        await Store.PutAsync("large/streamed", async (stream, token) =>
        {
            for (var at = 0; at < length; at += 1_000_000)
                await stream.WriteAsync(content.AsMemory(at, Math.Min(1_000_000, length - at)), token);
        });
        await Store.PutAsync("large/whole", content);

        foreach (var key in new[] { "large/streamed", "large/whole" })
        {
            Assert.Equal(length, await Store.GetLengthAsync(key));
            Assert.True((await Store.ReadAllBytesAsync(key)).AsSpan().SequenceEqual(content));
            await using var stream = await Store.OpenReadAsync(key, length - 1000, 600);
            var piece = new byte[600];
            await stream.ReadExactlyAsync(piece);
            Assert.Equal(content[(length - 1000)..(length - 400)], piece);
            Assert.Equal(0, await stream.ReadAsync(piece));
        }
    }

    [Fact]
    public async Task Every_character_that_keys_may_have_survives()
    {
        string[] keys = ["A-Z/a+b=c.d_e", "a+b", "a-b", "a=b", "a_b", "v1.0/x+=-_.y"];
        foreach (var key in keys)
            await Store.PutAsync(key, RandomBytes(3, seed: 1));

        Assert.Equal(keys.Order(StringComparer.Ordinal), await ListKeysAsync(""));
        foreach (var key in keys)
            Assert.Equal(3, (await Store.ReadAllBytesAsync(key)).Length);
    }

    [Fact]
    public async Task Stores_with_different_prefixes_do_not_see_each_other()
    {
        using var inner = new MinioObjectStore(_options! with { KeyPrefix = _options.KeyPrefix + "inner" });
        await inner.PutAsync("a", RandomBytes(1, seed: 1));
        await Store.PutAsync("b", RandomBytes(2, seed: 1));

        Assert.Equal(["b", "inner/a"], await ListKeysAsync(""));
        var seen = new List<string>();
        await foreach (var info in inner.ListAsync(""))
            seen.Add(info.Key);
        Assert.Equal(["a"], seen);
    }

    [Fact]
    public async Task Reading_synchronously_works_too()
    {
        var content = RandomBytes(100_000, seed: 3);
        await Store.PutAsync("sync", content);
        using var stream = await Store.OpenReadAsync("sync", 5);
        using var memory = new MemoryStream();
        stream.CopyTo(memory);

        Assert.Equal(content[5..], memory.ToArray());
    }

    [Fact]
    public void There_is_no_local_file() => Assert.Null(Store.TryGetLocalPath("a"));
}
