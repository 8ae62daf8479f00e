using System.Text;
using Milvus.Storage.Meta;
using Milvus.TestKit.Requirements;
using Xunit;

namespace Milvus.TestKit.Meta;

/// <summary>What every meta store must do. An adapter's test class inherits it and creates an empty store.</summary>
public abstract class MetaStoreSpecification
{
    protected abstract IMetaStore Store { get; }

    [SpecificationFact]
    public async Task Committed_entries_load_by_prefix_in_key_order()
    {
        var epoch = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("b/2", "two"), Put("a", "alpha"), Put("b/1", "one"), Put("b", "beta"), Put("b0", "x")], epoch);

        Assert.Equal(["b/1=one", "b/2=two"], await LoadAsync("b/"));
        Assert.Equal(["a=alpha", "b=beta", "b/1=one", "b/2=two", "b0=x"], await LoadAsync(""));
        Assert.Empty(await LoadAsync("c"));
    }

    [SpecificationFact]
    public async Task Mutations_apply_in_order()
    {
        var epoch = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("k/1", "a"), Put("k/2", "b"), Put("other", "c")], epoch);
        await Store.CommitAsync([MetaMutation.DeletePrefix("k/"), Put("k/3", "d"), Put("k/3", "e"), Put("gone", "f"), MetaMutation.Delete("gone"), MetaMutation.Delete("never")], epoch);

        Assert.Equal(["k/3=e", "other=c"], await LoadAsync(""));
    }

    [SpecificationFact]
    public async Task Prefixes_with_wildcards_and_case_are_plain_text()
    {
        var epoch = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("a%b", "1"), Put("axb", "2"), Put("a_b", "3"), Put("A_b", "4"), Put("é/ключ", "5")], epoch);

        Assert.Equal(["a%b=1"], await LoadAsync("a%"));
        Assert.Equal(["a_b=3"], await LoadAsync("a_"));
        Assert.Equal(["A_b=4"], await LoadAsync("A"));
        Assert.Equal(["é/ключ=5"], await LoadAsync("é/к"));
        await Store.CommitAsync([MetaMutation.DeletePrefix("a_")], epoch);
        Assert.Equal(4, (await LoadAsync("")).Count);
    }

    [SpecificationFact]
    public async Task Values_are_bytes_and_may_be_empty()
    {
        var epoch = await Store.AcquireEpochAsync();
        var value = new byte[70_000];
        new Random(1).NextBytes(value);
        await Store.CommitAsync([MetaMutation.Put("big", value), MetaMutation.Put("none", ReadOnlyMemory<byte>.Empty)], epoch);
        var loaded = await Store.LoadAsync("");

        Assert.Equal(value, loaded[0].Value);
        Assert.Empty(loaded[1].Value);
    }

    [SpecificationFact]
    public async Task Epochs_rise_and_fence_earlier_writers()
    {
        var first = await Store.AcquireEpochAsync();
        await Store.CommitAsync([Put("k", "first")], first);
        var second = await Store.AcquireEpochAsync();

        Assert.Equal(1, first);
        Assert.Equal(2, second);
        var e = await Assert.ThrowsAsync<StaleEpochException>(() => Store.CommitAsync([Put("k", "late")], first));
        Assert.Equal((first, second), (e.Epoch, e.CurrentEpoch));
        await Assert.ThrowsAsync<StaleEpochException>(() => Store.CommitAsync([], first));
        Assert.Equal(["k=first"], await LoadAsync(""));
        await Store.CommitAsync([Put("k", "second")], second);
        Assert.Equal(["k=second"], await LoadAsync(""));
    }

    [SpecificationFact]
    public async Task An_epoch_never_acquired_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.CommitAsync([Put("k", "v")], 7));
        Assert.Empty(await LoadAsync(""));
    }

    [SpecificationFact]
    public async Task Two_coordinators_at_once_never_both_write()
    {
        var accepted = new System.Collections.Concurrent.ConcurrentQueue<long>();
        await Parallel.ForAsync(0, 40, async (i, token) =>
        {
            var epoch = await Store.AcquireEpochAsync(token);
            try
            {
                await Store.CommitAsync([Put("owner", $"{epoch}")], epoch, token);
                accepted.Enqueue(epoch);
            }
            catch (StaleEpochException)
            {
                // Fenced.
            }
        });

        Assert.Equal([$"owner={accepted.Max()}"], await LoadAsync(""));
    }

    [SpecificationFact]
    public async Task Random_commits_equal_a_dictionary()
    {
        var random = new Random(20);
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var epoch = await Store.AcquireEpochAsync();
        for (var round = 0; round < 60; round++)
        {
            var mutations = new List<MetaMutation>();
            for (var i = random.Next(5); i >= 0; i--)
            {
                var key = $"{random.Next(4)}/{random.Next(6)}";
                switch (random.Next(6))
                {
                    case 0:
                        mutations.Add(MetaMutation.Delete(key));
                        model.Remove(key);
                        break;
                    case 1:
                        mutations.Add(MetaMutation.DeletePrefix(key[..2]));
                        foreach (var k in model.Keys.Where(k => k.StartsWith(key[..2], StringComparison.Ordinal)).ToList())
                            model.Remove(k);
                        break;
                    default:
                        mutations.Add(Put(key, $"{round}.{i}"));
                        model[key] = $"{round}.{i}";
                        break;
                }
            }
            await Store.CommitAsync(mutations, epoch);
            Assert.Equal(model.Select(e => $"{e.Key}={e.Value}"), await LoadAsync(""));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("a\0")]
    [InlineData("\ud800")]
    public void Malformed_keys_are_refused(string key) => Assert.Throws<ArgumentException>(() => Put(key, "x"));

    protected static MetaMutation Put(string key, string value) => MetaMutation.Put(key, Encoding.UTF8.GetBytes(value));

    protected async Task<List<string>> LoadAsync(string prefix) =>
        [.. (await Store.LoadAsync(prefix)).Select(e => $"{e.Key}={Encoding.UTF8.GetString(e.Value)}")];
}
