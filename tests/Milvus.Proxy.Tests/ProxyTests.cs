using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy.Access;
using Milvus.Proxy.Tests.Model;

namespace Milvus.Proxy.Tests;

public sealed class ProxyTests
{
    private sealed class Nobody : IAccessPolicy
    {
        public void Require(string? user, ProxyOperation operation, string database, string target) =>
            throw new MilvusException(ErrorCode.PrivilegeNotPermitted, $"{user} {operation} {database} {target}");
    }

    [Fact]
    public async Task Flush_and_commands_are_forwarded()
    {
        var world = new World();
        var collection = world.Create([Given.Key(), Given.Vector()]);
        Assert.Equal(5, (await world.Proxy.FlushAsync(RequestContext.Default, "c")).SegmentIds.Single());
        Assert.Equal([collection.Id], world.Maintenance.Flushed);
        Assert.Equal(7, (await world.Proxy.ExecuteAsync(RequestContext.Default, new CreateDatabase("d"))).Id);
        Assert.True(world.Proxy.Now() < world.Proxy.Now());
        Assert.Same(world.Coordinator.Catalog, world.Proxy.Catalog);
        await World.RefusedAsync(ErrorCode.DatabaseNotFound, "database not found[database=d]", () => world.Proxy.FlushAsync(new RequestContext("d"), "c"));
    }

    [Fact]
    public async Task The_access_policy_is_asked_first()
    {
        var world = new World();
        world.Create([Given.Key(), Given.Vector()]);
        var proxy = new MilvusProxy(world.Coordinator, world.Shards, world.Maintenance, world.Oracle, ProxyOptions.Default, NullLogger.Instance, new Nobody());
        var context = new RequestContext("default", "ann");
        await World.RefusedAsync(ErrorCode.PrivilegeNotPermitted, "ann Flush default missing", () => proxy.FlushAsync(context, "missing"));
        await World.RefusedAsync(ErrorCode.PrivilegeNotPermitted, "ann Command default DropCollection", () => proxy.ExecuteAsync(context, new DropCollection("default", "c")));
        await World.RefusedAsync(ErrorCode.PrivilegeNotPermitted, "ann Query default c", () => proxy.QueryAsync(context, new QueryRequest { Collection = "c" }));
    }

    [Fact]
    public void Options_are_checked_when_set()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProxyOptions { MaxWriteBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProxyOptions { MaxResultBytes = -1 });
    }
}
