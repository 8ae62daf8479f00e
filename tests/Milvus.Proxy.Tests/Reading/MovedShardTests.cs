using Milvus.Model;
using Milvus.Proxy.Tests.Model;

namespace Milvus.Proxy.Tests.Reading;

/// <summary>Reads that find a shard moved begin anew; they end with an answer or a plain error, never with a moved shard.</summary>
public sealed class MovedShardTests
{
    private readonly World _world = new();

    [Fact]
    public async Task A_query_begins_anew_until_the_shards_hold_still()
    {
        await FillAsync();
        _world.Shards.MovesLeft = 3;
        Assert.Equal(2, (await _world.QueryAsync("id >= 0", ["id"])).RowCount);
        Assert.Equal(0, _world.Shards.MovesLeft);
        Assert.Equal(0, _world.Shards.OpenReaders);
    }

    [Fact]
    public async Task So_does_a_search()
    {
        await FillAsync();
        _world.Shards.MovesLeft = 2;
        var result = await _world.SearchAsync(Given.Queries([0f, 0f]), ("topk", "2"), ("metric_type", "L2"));
        Assert.Equal(2, result.TopKs[0]);
        Assert.Equal(0, _world.Shards.OpenReaders);
    }

    [Fact]
    public async Task So_does_what_a_delete_by_filter_reads_and_it_deletes_once()
    {
        await FillAsync();
        _world.Shards.MovesLeft = 2;
        var writes = _world.Shards.Writes.Count;
        var result = await _world.Proxy.DeleteAsync(RequestContext.Default, new DeleteRequest { Collection = "c", Expression = "n == 10" });
        Assert.Equal(1, result.DeleteCount);
        Assert.Equal(writes + 1, _world.Shards.Writes.Count);
        Assert.Equal(0, _world.Shards.OpenReaders);
    }

    [Fact]
    public async Task So_does_what_a_partial_update_reads()
    {
        await FillAsync();
        _world.Shards.MovesLeft = 2;
        await _world.Proxy.UpsertAsync(RequestContext.Default, new UpsertRequest
        {
            Collection = "c",
            RowCount = 1,
            Columns = [Given.Int64s("id", 1), Given.Int64s("n", 77)],
            PartialUpdate = true,
        });
        Assert.Equal(0, _world.Shards.MovesLeft);
        Assert.Equal("77", (await _world.AllAsync("n"))["1"]);
    }

    [Fact]
    public async Task Impatience_is_told_as_unavailable_naming_the_place()
    {
        await FillAsync();
        _world.Shards.MovesLeft = int.MaxValue;
        var e = await World.RefusedAsync(ErrorCode.ServiceUnavailable, "shard 0 moved", () =>
            Impatient().QueryAsync(RequestContext.Default, new QueryRequest { Collection = "c", Expression = "id >= 0", OutputFields = ["id"] }));
        Assert.True(e.IsRetriable);
        Assert.Equal(0, _world.Shards.OpenReaders);
    }

    [Fact]
    public async Task A_read_begins_anew_where_the_collection_is_still_being_loaded_until_its_patience_ends()
    {
        await FillAsync();
        var loading = new MilvusException(ErrorCode.CollectionNotFullyLoaded, "collection not fully loaded[collection=c]");
        _world.Shards.MovesLeft = 2;
        _world.Shards.OnMoved = () => throw loading;
        Assert.Equal(2, (await _world.QueryAsync("id >= 0", ["id"])).RowCount);

        _world.Shards.MovesLeft = int.MaxValue;
        await World.RefusedAsync(ErrorCode.CollectionNotFullyLoaded, "collection not fully loaded[collection=c]", () =>
            Impatient().QueryAsync(RequestContext.Default, new QueryRequest { Collection = "c", Expression = "id >= 0", OutputFields = ["id"] }));
        Assert.Equal(0, _world.Shards.OpenReaders);
    }

    [Fact]
    public async Task A_collection_dropped_meanwhile_is_told_as_such()
    {
        await FillAsync();
        _world.Shards.MovesLeft = int.MaxValue;
        _world.Shards.OnMoved = () => _world.Coordinator.Remove(_world.Collection);
        await World.RefusedAsync(ErrorCode.CollectionNotFound, "c", () => _world.QueryAsync("id >= 0", ["id"]));
    }

    [Fact]
    public async Task A_cancelled_read_stops_waiting()
    {
        await FillAsync();
        using var stop = new CancellationTokenSource();
        _world.Shards.MovesLeft = int.MaxValue;
        _world.Shards.OnMoved = stop.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _world.Proxy.QueryAsync(
            RequestContext.Default, new QueryRequest { Collection = "c", Expression = "id >= 0", OutputFields = ["id"] }, stop.Token));
    }

    private MilvusProxy Impatient() => new(
        _world.Coordinator, _world.Shards, _world.Maintenance, _world.Oracle, new ProxyOptions { MovedReadPatienceMs = 0 }, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

    private async Task FillAsync()
    {
        _world.Create([Given.Key(), Given.Field("n", DataType.Int64), Given.Vector()]);
        await _world.InsertAsync(2, Given.Int64s("id", 1, 2), Given.Int64s("n", 10, 20), Given.Floats("v", [0f, 0f], [1f, 1f]));
    }
}
