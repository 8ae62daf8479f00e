namespace Milvus.Vectors.Tests.Search;

public sealed class SearchRehearsalTests
{
    [Fact]
    public void Every_metric_finds_rows() => Assert.Equal(30, SearchRehearsal.Run());
}
