using System.Collections.Immutable;
using Milvus.Coordinator.Access;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Decisions;
using Milvus.Coordinator.Resources;
using Milvus.Coordinator.Schema;
using Milvus.Model;

namespace Milvus.Coordinator;

/// <summary>
/// The coordinator without its shell: decides commands against one catalogue and applies what was decided. Pure: no clock, no
/// randomness, no I/O; the same command on the same state gives the same decision.
/// </summary>
public sealed record CoordinatorState(Catalog Catalog)
{
    /// <summary>What a new store starts with: the default database and resource group, root, the roles admin and public.</summary>
    public static ImmutableArray<CatalogEvent> Bootstrap(DecisionContext context) =>
    [
        new DatabaseCreated(new DatabaseInfo
        {
            Id = DatabaseDecisions.DefaultId,
            Name = Limits.DefaultDatabase,
            CreatedAt = context.Now,
            Properties = [],
        }),
        new ResourceGroupStored(new(ResourceGroupInfo.DefaultName, new ResourceGroupConfig())),
        .. AccessBootstrap.Events(context.Now, context.Salt.AsSpan(), context.PasswordIterations),
    ];

    /// <summary>Decides a command; never throws for a command that breaks a rule.</summary>
    public Decision Decide(CoordinatorCommand command, DecisionContext context)
    {
        try
        {
            return Dispatch(command, context);
        }
        catch (MilvusException e)
        {
            return new Decision.Rejected(e);
        }
    }

    public CoordinatorState Apply(IEnumerable<CatalogEvent> events) => new(Catalog.Apply(events));

    private Decision Dispatch(CoordinatorCommand command, DecisionContext context) => command switch
    {
        CreateDatabase c => DatabaseDecisions.Decide(Catalog, c, context),
        DropDatabase c => DatabaseDecisions.Decide(Catalog, c),
        AlterDatabase c => DatabaseDecisions.Decide(Catalog, c),
        CreateCollection c => CollectionDecisions.Decide(Catalog, c, context),
        DropCollection c => CollectionDecisions.Decide(Catalog, c),
        RenameCollection c => CollectionDecisions.Decide(Catalog, c),
        TruncateCollection c => CollectionDecisions.Decide(Catalog, c, context),
        AlterCollection c => AlterDecisions.Decide(Catalog, c, context),
        AlterField c => AlterDecisions.Decide(Catalog, c, context),
        AddStructField c => AlterDecisions.Decide(Catalog, c, context),
        AddFunction c => SchemaDecisions.Decide(Catalog, c, context),
        AlterFunction c => SchemaDecisions.Decide(Catalog, c, context),
        DropFunction c => SchemaDecisions.Decide(Catalog, c, context),
        DropField c => SchemaDecisions.Decide(Catalog, c, context),
        AddField c => AlterDecisions.Decide(Catalog, c, context),
        CreatePartition c => PartitionDecisions.Decide(Catalog, c, context),
        DropPartition c => PartitionDecisions.Decide(Catalog, c),
        CreateAlias c => AliasDecisions.Decide(Catalog, c),
        AlterAlias c => AliasDecisions.Decide(Catalog, c),
        DropAlias c => AliasDecisions.Decide(Catalog, c),
        CreateIndex c => IndexDecisions.Decide(Catalog, c, context),
        AlterIndex c => IndexDecisions.Decide(Catalog, c),
        DropIndex c => IndexDecisions.Decide(Catalog, c),
        LoadCollection c => LoadDecisions.Decide(Catalog, c, context),
        LoadPartitions c => LoadDecisions.Decide(Catalog, c, context),
        ReleaseCollection c => LoadDecisions.Decide(Catalog, c),
        ReleasePartitions c => LoadDecisions.Decide(Catalog, c),
        CreateUser c => UserDecisions.Decide(Catalog, c, context),
        UpdateUser c => UserDecisions.Decide(Catalog, c, context),
        DropUser c => UserDecisions.Decide(Catalog, c),
        GrantRole c => UserDecisions.Decide(Catalog, c),
        RevokeRole c => UserDecisions.Decide(Catalog, c),
        CreateRole c => RoleDecisions.Decide(Catalog, c, context),
        AlterRole c => RoleDecisions.Decide(Catalog, c),
        DropRole c => RoleDecisions.Decide(Catalog, c),
        GrantPrivilege c => RoleDecisions.Decide(Catalog, c),
        RevokePrivilege c => RoleDecisions.Decide(Catalog, c),
        CreatePrivilegeGroup c => RoleDecisions.Decide(Catalog, c),
        DropPrivilegeGroup c => RoleDecisions.Decide(Catalog, c),
        AddPrivilegesToGroup c => RoleDecisions.Decide(Catalog, c),
        RemovePrivilegesFromGroup c => RoleDecisions.Decide(Catalog, c),
        CreateResourceGroup c => ResourceGroupDecisions.Decide(Catalog, c),
        DropResourceGroup c => ResourceGroupDecisions.Decide(Catalog, c),
        AlterResourceGroups c => ResourceGroupDecisions.Decide(Catalog, c),
        TransferNodes c => ResourceGroupDecisions.Decide(Catalog, c, context),
        TransferReplicas c => ResourceGroupDecisions.Decide(Catalog, c),
        CreateImport c => ImportDecisions.Decide(Catalog, c, context),
        RefreshExternal c => ImportDecisions.Decide(Catalog, c, context),
        ReportImport c => ImportDecisions.Decide(Catalog, c, context),
        CommitImport c => ImportDecisions.Decide(Catalog, c),
        AbortImport c => ImportDecisions.Decide(Catalog, c, context),
        AddFileResource c => FileResourceDecisions.Decide(Catalog, c, context),
        RemoveFileResource c => FileResourceDecisions.Decide(Catalog, c),
        CreateSnapshot c => SnapshotDecisions.Decide(Catalog, c, context),
        DropSnapshot c => SnapshotDecisions.Decide(Catalog, c, context),
        PinSnapshot c => SnapshotDecisions.Decide(Catalog, c, context),
        UnpinSnapshot c => SnapshotDecisions.Decide(Catalog, c),
        RestoreSnapshot c => SnapshotDecisions.Decide(Catalog, c, context),
        RestoreArchive c => SnapshotDecisions.Decide(Catalog, c, context),
        _ => throw new MilvusException(ErrorCode.Unimplemented, $"unknown command {command.GetType().Name}: service unimplemented"),
    };
}
