using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.TestKit.Objects;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>A read of a collection that is being loaded waits for the end of that, whichever it is, instead of being refused at once.</summary>
public sealed class LoadingReadTests : IAsyncLifetime
{
    private readonly Machine _machine = new(seed: 3);
    private readonly TaskCompletionSource _storage = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task InitializeAsync()
    {
        await _machine.StartAsync();
        await _machine.CreateAsync("c", shards: 2);
        await _machine.InsertAsync("c", [.. Enumerable.Range(0, 50).Select(i => ((long)i, (long)i))]);
        await _machine.FlushedAsync("c");
        // A segment that is still in view need not be read again: what is released leaves the view in the background, but is not in view after a start.
        await _machine.ExecuteAsync(new ReleaseCollection("", "c"));
        await _machine.RestartAsync();
    }

    public async Task DisposeAsync()
    {
        _storage.TrySetResult();
        await _machine.DisposeAsync();
    }

    [Fact]
    public async Task Queries_and_searches_right_after_an_asynchronous_load_see_everything()
    {
        await BeginLoadAsync();
        var query = _machine.AllAsync("c");
        var search = _machine.SearchAsync("c", 7, 1);
        Assert.Equal(LoadPhase.Loading, (await _machine.ProgressAsync("c")).Phase);
        Assert.False(query.IsCompleted || search.IsCompleted);
        _storage.SetResult();
        Assert.Equal(50, (await query).Count);
        Assert.Equal(7, (await search).Single().Key);
    }

    [Fact]
    public async Task A_load_that_fails_says_why_to_those_who_wait()
    {
        _machine.Faults.FailCall(1, ObjectOperation.Read, onwards: true);
        await BeginLoadAsync();
        var query = _machine.AllAsync("c");
        _storage.SetResult();
        Assert.Contains("injected failure", (await Assert.ThrowsAsync<MilvusException>(() => query)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_ends_the_wait()
    {
        await BeginLoadAsync();
        var query = _machine.AllAsync("c");
        await _machine.ExecuteAsync(new ReleaseCollection("", "c"));
        Assert.Equal(ErrorCode.CollectionNotLoaded, (await Assert.ThrowsAsync<MilvusException>(() => query)).Code);
    }

    [Fact]
    public async Task The_wait_ends_with_the_servers_patience()
    {
        _machine.Options = _machine.Options with { LoadingReadPatienceMs = 0 };
        await _machine.RestartAsync();
        await BeginLoadAsync();
        var e = await Assert.ThrowsAsync<MilvusException>(() => OpenAsync(CancellationToken.None));
        Assert.Equal((ErrorCode.CollectionNotFullyLoaded, "collection not fully loaded[collection=c]"), (e.Code, e.Message));
        Assert.True(e.IsRetriable);
    }

    [Fact]
    public async Task The_wait_ends_with_the_clients_patience()
    {
        await BeginLoadAsync();
        using var deadline = new CancellationTokenSource();
        var read = OpenAsync(deadline.Token);
        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    private async Task BeginLoadAsync()
    {
        _machine.Faults.ReadsWaitFor = _storage.Task;
        await _machine.ExecuteAsync(new LoadCollection("", "c"));
    }

    private async Task OpenAsync(CancellationToken cancellation)
    {
        using var reader = await _machine.Milvus.Engine.OpenAsync(_machine.Collection("c"), 0, Timestamp.Zero, null, cancellation);
    }
}
