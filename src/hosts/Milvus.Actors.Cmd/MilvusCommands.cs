using Akka.Actor;
using Milvus.Actors.Inspection;
using Petabridge.Cmd;
using Petabridge.Cmd.Host;

namespace Milvus.Actors.Cmd;

/// <summary><c>pbm milvus collections | segments | channels | nodes | tasks</c>: a command for every <see cref="InspectionCommand"/>.</summary>
public sealed class MilvusCommands : CommandPaletteHandler
{
    internal static readonly CommandPalette Palette = new(
        "milvus",
        InspectionCommand.All.Select(c => new CommandDefinitionBuilder().WithName(c.Name).WithDescription(c.Description).Build()).ToArray());

    public MilvusCommands(ClusterInspector inspector)
        : base(Palette) => HandlerProps = Props.Create(() => new MilvusCommandActor(inspector));

    public override Props HandlerProps { get; }
}
