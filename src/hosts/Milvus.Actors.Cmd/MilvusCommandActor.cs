using Akka.Actor;
using Milvus.Actors.Inspection;
using Milvus.Model;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace Milvus.Actors.Cmd;

/// <summary>Answers the commands of one <c>pbm</c> session.</summary>
internal sealed class MilvusCommandActor : CommandHandlerActor
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    public MilvusCommandActor(ClusterInspector inspector)
        : base(MilvusCommands.Palette)
    {
        foreach (var command in InspectionCommand.All)
        {
            Process(command.Name, _ =>
            {
                AnswerAsync(command, inspector).PipeTo(Sender);
            });
        }
    }

    private static async Task<object> AnswerAsync(InspectionCommand command, ClusterInspector inspector)
    {
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            return new CommandResponse(await command.AnswerAsync(inspector, patience.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is MilvusException or OperationCanceledException)
        {
            return new ErroredCommandResponse(e.Message);
        }
    }
}
