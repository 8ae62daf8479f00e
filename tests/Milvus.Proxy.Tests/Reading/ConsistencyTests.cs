using Milvus.Model;
using Milvus.Proxy.Reading;
using Milvus.Proxy.Tests.Model;
using static Milvus.Proxy.Tests.Model.Given;

namespace Milvus.Proxy.Tests.Reading;

public sealed class ConsistencyTests
{
    private readonly World _world = new();
    private readonly GuaranteeTimestamps _guarantees;

    public ConsistencyTests()
    {
        _world.Create([Key(), Vector()]);
        _world.Oracle.Advance(60_000);
        _guarantees = new GuaranteeTimestamps(_world.Oracle, ProxyOptions.Default);
    }

    private Timestamp Resolve(ConsistencyLevel? level, ulong given = 0) => _guarantees.Resolve(level, given, _world.Collection);

    [Fact]
    public void Strong_is_now()
    {
        var before = _world.Oracle.Current;
        Assert.True(Resolve(ConsistencyLevel.Strong) > before);
        _world.Alter(c => c with { ConsistencyLevel = ConsistencyLevel.Strong });
        before = _world.Oracle.Current;
        Assert.True(Resolve(null, given: 1) > before);
    }

    [Fact]
    public void Bounded_lags_five_seconds() =>
        Assert.Equal(_world.Oracle.Current.PhysicalMs - 5000, Resolve(ConsistencyLevel.Bounded).PhysicalMs);

    [Fact]
    public void Session_and_Customized_take_the_requests_timestamp()
    {
        var written = new Timestamp(_world.Oracle.Current.Value - 100);
        Assert.Equal(written, Resolve(ConsistencyLevel.Session, written.Value));
        Assert.Equal(written, Resolve(ConsistencyLevel.Customized, written.Value));
    }

    [Fact]
    public void Eventually_waits_for_nothing_but_the_schema() =>
        Assert.Equal(_world.Collection.SchemaUpdatedAt, Resolve(ConsistencyLevel.Eventually));

    [Fact]
    public void Old_clients_mean_by_the_timestamp_what_they_want()
    {
        var written = new Timestamp(_world.Oracle.Current.Value - 100);
        Assert.Equal(_world.Collection.SchemaUpdatedAt, Resolve(ConsistencyLevel.Strong, 1));
        Assert.Equal(_world.Oracle.Current.PhysicalMs - 5000, Resolve(ConsistencyLevel.Strong, 2).PhysicalMs);
        Assert.Equal(written, Resolve(ConsistencyLevel.Strong, written.Value));
    }

    [Fact]
    public void Nobody_waits_for_the_future()
    {
        Assert.True(Resolve(ConsistencyLevel.Customized, ulong.MaxValue) <= _world.Oracle.Current);
        Assert.True(Resolve(ConsistencyLevel.Session, Timestamp.FromMs(_world.Oracle.Current.PhysicalMs + 10_000).Value) <= _world.Oracle.Current);
    }

    [Fact]
    public async Task A_strong_read_asks_every_shard_for_what_was_written_before()
    {
        _world.Alter(c => c with { ShardCount = 3 });
        var written = (await _world.InsertAsync(1, Int64s("id", 1), Floats("v", [1, 2]))).Timestamp;
        await _world.QueryAsync("", ["id"], ("limit", "1"));
        Assert.Equal([0, 1, 2], _world.Shards.Opened.Select(o => o.Shard));
        Assert.All(_world.Shards.Opened, o => Assert.True(o.Guarantee >= written && o.ReadAt is null));
    }

    [Fact]
    public async Task Expired_rows_are_not_seen()
    {
        _world.SetProperty("collection.ttl.seconds", "10");
        await _world.InsertAsync(1, Int64s("id", 1), Floats("v", [1, 2]));
        _world.Oracle.Advance(9_000);
        Assert.Single(await _world.AllAsync("id"));
        await _world.InsertAsync(1, Int64s("id", 2), Floats("v", [1, 2]));
        _world.Oracle.Advance(2_000);
        Assert.Equal(["2"], (await _world.AllAsync("id")).Keys);
        Assert.Equal(1, (await _world.SearchAsync(Queries([0, 0]), ("topk", "5"))).TopKs.Single());
    }
}
