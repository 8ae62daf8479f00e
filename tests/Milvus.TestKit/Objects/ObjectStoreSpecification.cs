using System.Text;
using Milvus.Model;
using Milvus.Storage.Objects;
using Xunit;

namespace Milvus.TestKit.Objects;

/// <summary>What every object store must do. An adapter's test class inherits it and creates an empty store.</summary>
public abstract class ObjectStoreSpecification
{
    protected abstract IObjectStore Store { get; }

    [Fact]
    public async Task An_object_reads_back_as_written()
    {
        var content = RandomBytes(300_000, seed: 1);
        await Store.PutAsync("a/b/c.bin", content);

        Assert.Equal(content, await Store.ReadAllBytesAsync("a/b/c.bin"));
        Assert.Equal(content.Length, await Store.GetLengthAsync("a/b/c.bin"));
    }

    [Fact]
    public async Task A_streamed_object_is_the_concatenation_of_its_writes()
    {
        var content = RandomBytes(500_000, seed: 2);
        await Store.PutAsync("streamed", async (stream, token) =>
        {
            Assert.False(stream.CanSeek);
            for (int start = 0, step = 1; start < content.Length; start += step, step = step * 3 + 1)
            {
                var piece = content.AsMemory(start, Math.Min(step, content.Length - start));
                if (step % 2 == 0)
                    await stream.WriteAsync(piece, token);
                else
                    stream.Write(piece.Span);
                Assert.Equal(start + piece.Length, stream.Position);
            }
        });

        Assert.Equal(content, await Store.ReadAllBytesAsync("streamed"));
    }

    [Fact]
    public async Task An_empty_object_exists()
    {
        await Store.PutAsync("empty", ReadOnlyMemory<byte>.Empty);

        Assert.Equal(0, await Store.GetLengthAsync("empty"));
        Assert.Empty(await Store.ReadAllBytesAsync("empty"));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(10, 20L)]
    [InlineData(90, 20L)]
    [InlineData(100, 5L)]
    [InlineData(250, null)]
    [InlineData(7, 0L)]
    public async Task A_range_is_cut_at_the_end(int offset, long? length)
    {
        var content = RandomBytes(100, seed: 3);
        await Store.PutAsync("range", content);
        var start = Math.Min(offset, 100);
        var expected = content.AsSpan(start, (int)Math.Min(length ?? 1000, 100 - start)).ToArray();

        await using var stream = await Store.OpenReadAsync("range", offset, length);
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);

        Assert.Equal(expected, memory.ToArray());
    }

    [Fact]
    public async Task A_missing_object_is_named()
    {
        var e = await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.OpenReadAsync("not/there"));

        Assert.Equal("not/there", e.Key);
        Assert.Contains("not/there", e.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<IntegrityException>(e);
        Assert.Null(await Store.GetLengthAsync("not/there"));
    }

    [Fact]
    public async Task Nothing_is_visible_before_the_write_ends()
    {
        await Store.PutAsync("dir/late", async (stream, token) =>
        {
            await stream.WriteAsync(RandomBytes(300_000, seed: 4), token);
            await stream.FlushAsync(token);
            Assert.Null(await Store.GetLengthAsync("dir/late", token));
            Assert.Empty(await ListKeysAsync(""));
        });

        Assert.Equal(300_000, await Store.GetLengthAsync("dir/late"));
    }

    [Fact]
    public async Task A_failed_write_leaves_nothing_behind()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.PutAsync("broken", async (stream, token) =>
        {
            await stream.WriteAsync(RandomBytes(1000, seed: 5), token);
            throw new InvalidOperationException("the writer gave up");
        }));

        Assert.Null(await Store.GetLengthAsync("broken"));
        Assert.Empty(await ListKeysAsync(""));
    }

    [Fact]
    public async Task A_failed_replacement_keeps_the_old_object()
    {
        await Store.PutAsync("kept", Encoding.UTF8.GetBytes("old"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.PutAsync("kept", (stream, _) =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException("the writer gave up");
        }));

        Assert.Equal("old", Encoding.UTF8.GetString(await Store.ReadAllBytesAsync("kept")));
    }

    [Fact]
    public async Task Putting_again_replaces()
    {
        await Store.PutAsync("twice", RandomBytes(1000, seed: 6));
        await Store.PutAsync("twice", Encoding.UTF8.GetBytes("new"));

        Assert.Equal("new", Encoding.UTF8.GetString(await Store.ReadAllBytesAsync("twice")));
    }

    [Fact]
    public async Task Listing_matches_plain_prefixes_in_ordinal_order()
    {
        string[] keys = ["a", "a-b/1", "ab/2", "b/1", "b/10", "b/2", "b/c/1", "b0"];
        foreach (var key in keys)
            await Store.PutAsync(key, RandomBytes(key.Length, seed: 7));

        foreach (var prefix in new[] { "", "a", "a-", "ab/", "b", "b/", "b/1", "b/c/", "zz", "b/c/1/x" })
        {
            var expected = keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
            Assert.Equal(expected, await ListKeysAsync(prefix));
        }
        Assert.Equal(keys.Sum(k => k.Length), await Store.GetUsedBytesAsync(""));
    }

    [Fact]
    public async Task Deleting_is_idempotent_and_frees()
    {
        await Store.PutAsync("d/1/x", RandomBytes(10, seed: 8));
        await Store.PutAsync("d/2", RandomBytes(10, seed: 9));

        await Store.DeleteAsync("d/1/x");
        await Store.DeleteAsync("d/1/x");
        await Store.DeleteAsync("never/there");

        Assert.Equal(["d/2"], await ListKeysAsync(""));
        Assert.Equal(10, await Store.DeletePrefixAsync("d/"));
        Assert.Equal(0, await Store.GetUsedBytesAsync(""));
    }

    [Fact]
    public async Task An_open_stream_survives_deletion_and_replacement()
    {
        var content = RandomBytes(200_000, seed: 10);
        await Store.PutAsync("held", content);
        await using var stream = await Store.OpenReadAsync("held");
        await Store.PutAsync("held", RandomBytes(5, seed: 11));
        await Store.DeleteAsync("held");
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);

        Assert.Equal(content, memory.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData(".hidden")]
    [InlineData("a\\b")]
    [InlineData("c:/x")]
    [InlineData("a b")]
    [InlineData("a\0b")]
    [InlineData("ä")]
    public async Task Keys_that_could_leave_the_store_are_refused(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, ReadOnlyMemory<byte>.Empty));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.OpenReadAsync(key));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.DeleteAsync(key));
    }

    [Fact]
    public async Task Concurrent_writers_and_deleters_do_not_disturb_each_other()
    {
        await Parallel.ForAsync(0, 200, async (i, token) =>
        {
            var key = $"same/{i % 3}/{i}";
            await Store.PutAsync(key, RandomBytes(100 + i, seed: i), token);
            if (i % 2 == 0)
                await Store.DeleteAsync(key, token);
        });

        var keys = await ListKeysAsync("same/");
        Assert.Equal(100, keys.Count);
        foreach (var key in keys)
        {
            var i = int.Parse(key[(key.LastIndexOf('/') + 1)..]);
            Assert.Equal(RandomBytes(100 + i, seed: i), await Store.ReadAllBytesAsync(key));
        }
    }

    protected async Task<List<string>> ListKeysAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (var info in Store.ListAsync(prefix))
            keys.Add(info.Key);
        return keys;
    }

    protected static byte[] RandomBytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
