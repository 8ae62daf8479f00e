using Milvus.Api.Server;

namespace Milvus.Api.Tests.Server;

public sealed class RehearsalTests
{
    [Fact]
    public async Task A_search_is_answered_without_network_and_database() => Assert.True(await Rehearsal.RunAsync(TimeProvider.System));
}
