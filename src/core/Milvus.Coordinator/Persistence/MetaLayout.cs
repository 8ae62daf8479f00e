using System.Globalization;
using Milvus.Model;

namespace Milvus.Coordinator.Persistence;

/// <summary>Where the coordinator keeps what in the meta store. Frozen: stores of earlier versions use these keys.</summary>
internal static class MetaLayout
{
    public const string Catalog = "catalog/";
    public const string Version = "catalog/version";
    public const string Databases = "catalog/database/";
    public const string Collections = "catalog/collection/";
    public const string Users = "catalog/user/";
    public const string Roles = "catalog/role/";
    public const string PrivilegeGroups = "catalog/privilege-group/";
    public const string ResourceGroups = "catalog/resource-group/";
    public const string Imports = "catalog/import/";
    public const string SnapshotInfos = "catalog/snapshot/";
    public const string Restores = "catalog/restore/";
    public const string FileResources = "catalog/file-resource/";
    public const string OracleBound = "oracle/bound";
    public const string Segments = "segment/";
    public const string Channels = "channel/";

    /// <summary>Segments and checkpoints of snapshots.</summary>
    public const string Snapshots = "snapshot/";

    /// <summary>Import jobs whose segments are committed.</summary>
    public const string Imported = "imported/";

    public static string Database(long id) => Databases + Text(id);

    public static string Collection(long id) => Collections + Text(id);

    public static string User(string name) => Users + name;

    public static string Role(string name) => Roles + name;

    public static string PrivilegeGroup(string name) => PrivilegeGroups + name;

    public static string ResourceGroup(string name) => ResourceGroups + name;

    public static string FileResource(string name) => FileResources + name;

    public static string SnapshotInfo(long id) => SnapshotInfos + Text(id);

    public static string Restore(long id) => Restores + Text(id);

    public static string SnapshotOf(long id) => $"{Snapshots}{Text(id)}/";

    public static string SnapshotSegment(long id, long segmentId) => $"{SnapshotOf(id)}segment/{Text(segmentId)}";

    public static string SnapshotChannel(long id, int shard) => $"{SnapshotOf(id)}channel/{Text(shard)}";

    public static string Import(long id) => Imports + Text(id);

    public static string ImportedInto(long collectionId) => $"{Imported}{Text(collectionId)}/";

    public static string ImportedBy(long collectionId, long jobId) => ImportedInto(collectionId) + Text(jobId);

    public static string SegmentsOf(long collectionId) => $"{Segments}{Text(collectionId)}/";

    public static string Segment(long collectionId, long segmentId) => SegmentsOf(collectionId) + Text(segmentId);

    public static string ChannelsOf(long collectionId) => $"{Channels}{Text(collectionId)}/";

    public static string Channel(ShardId shard) => ChannelsOf(shard.CollectionId) + Text(shard.Shard);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
