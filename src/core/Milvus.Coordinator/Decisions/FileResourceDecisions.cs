using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Names;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using static Milvus.Coordinator.Decisions.DecisionSteps;

namespace Milvus.Coordinator.Decisions;

internal static class FileResourceDecisions
{
    public static Decision Decide(Catalog catalog, AddFileResource command, DecisionContext context)
    {
        NameRules.CheckFileResource(command.Name);
        if (catalog.FindFileResource(command.Name) is { } known)
        {
            return known.Path == command.Path
                ? new Decision.Unchanged(known.Id)
                : throw MilvusException.InvalidParameter($"file resource {command.Name} already exists with another path");
        }
        var resource = new FileResourceInfo(context.Ids.NextId(), command.Name, command.Path);
        return Accept(resource.Id, new FileResourceStored(resource));
    }

    public static Decision Decide(Catalog catalog, RemoveFileResource command) =>
        catalog.FindFileResource(command.Name) is { } known ? Accept(known.Id, new FileResourceRemoved(known.Name)) : Unchanged;
}
