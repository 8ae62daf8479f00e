using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Embedded.Tests.Reading;

/// <summary>What a search takes from the heap between the request's vectors and its answer.</summary>
public class SearchAllocationTests
{
    /// <summary>The answer (ids, scores, rows, times of ten hits, their columns and records) and a dozen small objects of the way there; whatever the collection's size.</summary>
#if DEBUG
    // The compiler makes classes of the state machines of asynchronous methods that it does not optimize.
    private const int MostBytes = 6144;
#else
    private const int MostBytes = 4608;
#endif

    [Fact]
    public async Task A_search_like_one_before_it_allocates_little_more_than_its_answer()
    {
        await using var machine = new Machine(1);
        await machine.StartAsync();
        await machine.CreateAsync("c");
        await machine.InsertAsync("c", [.. Enumerable.Range(0, 50).Select(k => ((long)k, (long)k))]);
        await machine.FlushedAsync("c");
        await machine.IndexedAsync("c");
        var template = new SearchTemplate(new SearchRequest
        {
            Collection = "c",
            ConsistencyLevel = ConsistencyLevel.Bounded,
            Params = ImmutableDictionary<string, string>.Empty.Add("anns_field", "vector").Add("topk", "10"),
        });
        var vectors = new QueryVectors(DataType.FloatVector, [MemoryMarshal.AsBytes<float>(Client.Vector(7)).ToArray()]);
        var bytes = new List<long>();
        for (var n = 0; n < 500; n++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var search = machine.Proxy.SearchAsync(RequestContext.Default, template.With(vectors, 0));
            var after = GC.GetAllocatedBytesForCurrentThread();
            // One that had to wait for its turn went on elsewhere.
            if (search.IsCompletedSuccessfully) bytes.Add(after - before);
            Assert.Equal(10, (await search).Ids.Count);
        }
        bytes.Sort();
        Assert.InRange(bytes[bytes.Count / 2], 0, MostBytes);
    }
}
