using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy.Tests.Model;

namespace Milvus.Proxy.Tests;

public sealed class ProxyTests
{
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
    public void Options_are_checked_when_set()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProxyOptions { MaxWriteBytes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProxyOptions { MaxResultBytes = -1 });
    }
}
