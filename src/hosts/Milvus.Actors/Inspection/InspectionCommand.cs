namespace Milvus.Actors.Inspection;

/// <summary>One question about the cluster that <c>pbm milvus …</c> answers with a text.</summary>
/// <param name="Name">One word.</param>
/// <param name="Description">One sentence for the list of commands.</param>
/// <param name="AnswerAsync">Fails with <see cref="Milvus.Model.MilvusException"/> when those who know cannot be reached.</param>
public sealed record InspectionCommand(string Name, string Description, Func<ClusterInspector, CancellationToken, Task<string>> AnswerAsync)
{
    public static IReadOnlyList<InspectionCommand> All { get; } =
    [
        new("collections", "Lists collections with their shards and load states.", (i, _) => Task.FromResult(InspectionText.Collections(i.Collections()))),
        new("segments", "Lists growing and loaded segments with their replicas and the nodes that have them.", async (i, c) => InspectionText.Segments(await i.SegmentsAsync(c).ConfigureAwait(false))),
        new("channels", "Lists shard channels, where they are and how far they have come.", async (i, c) => InspectionText.Channels(await i.ChannelsAsync(c).ConfigureAwait(false))),
        new("nodes", "Lists nodes with roles, membership and memory.", async (i, c) => InspectionText.Nodes(await i.NodesAsync(c).ConfigureAwait(false))),
        new("tasks", "Lists index builds and compactions.", async (i, c) => InspectionText.Tasks(await i.TasksAsync(c).ConfigureAwait(false))),
    ];
}
