using System.Collections.Frozen;
using Milvus.Model;

namespace Milvus.Coordinator.Access;

/// <summary>How far a privilege reaches.</summary>
public enum PrivilegeLevel
{
    Collection,
    Database,
    Cluster,
}

/// <summary>Milvus' privileges and its built-in groups of them. Names are without the <c>Privilege</c> prefix.</summary>
public static class Privileges
{
    public const string Any = "*";
    public const string CollectionType = "Collection";
    public const string GlobalType = "Global";
    public const string UserType = "User";

    private static readonly string[] CollectionReadOnly =
    [
        "Query", "Search", "IndexDetail", "GetFlushState", "GetLoadState", "GetLoadingProgress", "HasPartition", "ShowPartitions",
        "DescribeCollection", "DescribeAlias", "GetStatistics", "ListAliases", "GetImportProgress", "ListImport", "DescribeSnapshot", "ListSnapshots",
    ];

    private static readonly string[] CollectionReadWrite =
    [
        .. CollectionReadOnly, "Load", "Release", "Insert", "Delete", "Upsert", "Import", "Flush", "Compaction", "LoadBalance",
        "CreateIndex", "DropIndex", "CreatePartition", "DropPartition", "AddCollectionField", "AlterCollectionSchema",
        "RefreshExternalCollection", "CreateSnapshot", "DropSnapshot",
    ];

    private static readonly string[] CollectionAdmin = [.. CollectionReadWrite, "CreateAlias", "DropAlias", "RestoreSnapshot"];

    private static readonly string[] DatabaseReadOnly = ["ShowCollections", "DescribeDatabase"];

    private static readonly string[] DatabaseReadWrite = [.. DatabaseReadOnly, "AlterDatabase"];

    private static readonly string[] DatabaseAdmin = [.. DatabaseReadWrite, "CreateCollection", "DropCollection"];

    private static readonly string[] ClusterReadOnly =
        ["ListDatabases", "SelectOwnership", "SelectUser", "DescribeResourceGroup", "ListResourceGroups", "ListPrivilegeGroups", "ListFileResources", "GetReplicateConfiguration"];

    private static readonly string[] ClusterReadWrite =
    [
        .. ClusterReadOnly, "FlushAll", "TransferNode", "TransferReplica", "UpdateResourceGroups", "AddFileResource", "RemoveFileResource", "PinSnapshotData", "UnpinSnapshotData",
    ];

    private static readonly string[] ClusterAdmin =
    [
        .. ClusterReadWrite, "BackupRBAC", "RestoreRBAC", "CreateDatabase", "DropDatabase", "CreateOwnership", "DropOwnership",
        "ManageOwnership", "UpdateUser", "RenameCollection", "CreateResourceGroup", "DropResourceGroup", "CreatePrivilegeGroup",
        "DropPrivilegeGroup", "OperatePrivilegeGroup", "UpdateReplicateConfiguration",
    ];

    /// <summary>The built-in groups.</summary>
    public static FrozenDictionary<string, FrozenSet<string>> BuiltInGroups { get; } = new Dictionary<string, string[]>
    {
        ["CollectionReadOnly"] = CollectionReadOnly,
        ["CollectionReadWrite"] = CollectionReadWrite,
        ["CollectionAdmin"] = CollectionAdmin,
        ["DatabaseReadOnly"] = DatabaseReadOnly,
        ["DatabaseReadWrite"] = DatabaseReadWrite,
        ["DatabaseAdmin"] = DatabaseAdmin,
        ["ClusterReadOnly"] = ClusterReadOnly,
        ["ClusterReadWrite"] = ClusterReadWrite,
        ["ClusterAdmin"] = ClusterAdmin,
    }.ToFrozenDictionary(p => p.Key, p => p.Value.ToFrozenSet(StringComparer.Ordinal), StringComparer.Ordinal);

    // Privileges whose grants name a collection; all others are Global except the two on users.
    private static readonly FrozenSet<string> OnCollections = new[]
    {
        "Load", "Release", "Compaction", "Insert", "Delete", "Upsert", "GetStatistics", "CreateIndex", "IndexDetail", "DropIndex", "Search",
        "Flush", "Query", "LoadBalance", "Import", "GetLoadingProgress", "GetLoadState", "CreatePartition", "DropPartition",
        "ShowPartitions", "HasPartition", "GetFlushState", "AddCollectionField", "CreateSnapshot", "DropSnapshot", "DescribeSnapshot",
        "ListSnapshots", "RestoreSnapshot", "AlterCollectionSchema", "RefreshExternalCollection", "SkipRLS", "ViewRLS", "ManageRLS",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> OnUsers = new[] { "UpdateUser", "SelectUser" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> OnEverything = new[]
    {
        "All", "CreateCollection", "DropCollection", "DescribeCollection", "ShowCollections", "CreateOwnership", "DropOwnership", "SelectOwnership",
        "ManageOwnership", "CreateResourceGroup", "DropResourceGroup", "DescribeResourceGroup", "ListResourceGroups", "TransferNode",
        "TransferReplica", "RenameCollection", "CreateDatabase", "DropDatabase", "ListDatabases", "FlushAll", "CreateAlias", "DropAlias",
        "DescribeAlias", "ListAliases", "UpdateResourceGroups", "AlterDatabase", "DescribeDatabase", "BackupRBAC", "RestoreRBAC",
        "CreatePrivilegeGroup", "DropPrivilegeGroup", "ListPrivilegeGroups", "OperatePrivilegeGroup", "GetImportProgress", "ListImport",
        "AddFileResource", "RemoveFileResource", "ListFileResources", "UpdateReplicateConfiguration", "GetReplicateConfiguration",
        "PinSnapshotData", "UnpinSnapshotData", "RestoreExternalSnapshot", "ExportSnapshot", "ImportBinlog",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The name without the <c>Privilege</c> prefix that the wire's enum carries.</summary>
    public static string Normalize(string name) =>
        name.Length > 9 && name.StartsWith("Privilege", StringComparison.Ordinal) ? name[9..]
        : name == "All" ? Any : name;

    /// <summary>True for single privileges and <c>*</c>, not for groups.</summary>
    public static bool IsPrivilege(string name) => name == Any || OnCollections.Contains(name) || OnUsers.Contains(name) || OnEverything.Contains(name);

    public static bool IsBuiltInGroup(string name) => BuiltInGroups.ContainsKey(name);

    /// <summary>The object type that grants of a privilege or group name.</summary>
    public static string ObjectTypeOf(string privilege) =>
        OnCollections.Contains(privilege) ? CollectionType : OnUsers.Contains(privilege) ? UserType : GlobalType;

    public static bool IsObjectType(string name) => name is CollectionType or GlobalType or UserType;

    /// <summary>How far a privilege reaches; what no built-in group of databases or the cluster holds belongs to collections.</summary>
    public static PrivilegeLevel LevelOf(string privilege) =>
        BuiltInGroups["ClusterAdmin"].Contains(privilege) ? PrivilegeLevel.Cluster
        : BuiltInGroups["DatabaseAdmin"].Contains(privilege) ? PrivilegeLevel.Database
        : PrivilegeLevel.Collection;

    /// <summary>True when a granted name covers a privilege: the same, everything, or a group that holds it.</summary>
    public static bool Covers(Catalog catalog, string granted, string privilege) =>
        granted == privilege || granted == Any || Brings(granted, privilege)
        || (BuiltInGroups.TryGetValue(granted, out var builtIn) ? builtIn.Contains(privilege)
            : catalog.FindPrivilegeGroup(granted) is { } group && group.Privileges.Contains(privilege));

    // Who may start something may ask whether it is done.
    private static bool Brings(string granted, string privilege) => granted switch
    {
        "Load" => privilege is "GetLoadState" or "GetLoadingProgress",
        "Flush" => privilege is "GetFlushState",
        _ => false,
    };
}
