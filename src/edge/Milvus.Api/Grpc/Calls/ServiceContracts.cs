namespace Milvus.Api.Grpc.Calls;

/// <summary>The methods of Milvus' services, in the contract's order; a test compares them with it.</summary>
internal static class ServiceContracts
{
    public static GrpcService Milvus { get; } = new(
        "milvus.proto.milvus.MilvusService",
        [
            "CreateCollection", "DropCollection", "HasCollection", "LoadCollection", "ReleaseCollection", "DescribeCollection",
            "BatchDescribeCollection", "GetCollectionStatistics", "ShowCollections", "AlterCollection", "AlterCollectionField",
            "AddCollectionFunction", "AlterCollectionFunction", "DropCollectionFunction", "TruncateCollection", "CreatePartition", "DropPartition",
            "HasPartition", "LoadPartitions", "Prewarm", "DescribePrewarmTask", "ReleasePartitions", "GetPartitionStatistics", "ShowPartitions",
            "CreateNamespace", "DescribeNamespace", "ListNamespaces", "DropNamespace", "HasNamespace", "GetNamespaceStats", "GetLoadingProgress",
            "GetLoadState", "CreateAlias", "DropAlias", "AlterAlias", "DescribeAlias", "ListAliases", "CreateIndex", "AlterIndex", "DescribeIndex",
            "GetIndexStatistics", "GetIndexState", "GetIndexBuildProgress", "DropIndex", "Insert", "Delete", "Upsert", "Search", "HybridSearch",
            "Flush", "Query", "CalcDistance", "FlushAll", "AddCollectionField", "AddCollectionStructField", "GetFlushState", "GetFlushAllState",
            "GetPersistentSegmentInfo", "GetQuerySegmentInfo", "GetReplicas", "Dummy", "RegisterLink", "GetMetrics", "GetComponentStates",
            "LoadBalance", "GetCompactionState", "ManualCompaction", "GetCompactionStateWithPlans", "Import", "GetImportState", "ListImportTasks",
            "CreateCredential", "UpdateCredential", "DeleteCredential", "ListCredUsers", "CreateRole", "AlterRole", "DropRole", "OperateUserRole",
            "SelectRole", "SelectUser", "OperatePrivilege", "OperatePrivilegeV2", "SelectGrant", "GetVersion", "CheckHealth", "CreateResourceGroup",
            "DropResourceGroup", "UpdateResourceGroups", "TransferNode", "TransferReplica", "ListResourceGroups", "DescribeResourceGroup",
            "RenameCollection", "ListIndexedSegment", "DescribeSegmentIndexData", "Connect", "AllocTimestamp", "CreateDatabase", "DropDatabase",
            "ListDatabases", "AlterDatabase", "DescribeDatabase", "ReplicateMessage", "BackupRBAC", "RestoreRBAC", "CreatePrivilegeGroup",
            "DropPrivilegeGroup", "ListPrivilegeGroups", "OperatePrivilegeGroup", "RunAnalyzer", "AddFileResource", "RemoveFileResource",
            "ListFileResources", "AddUserTags", "DeleteUserTags", "GetUserTags", "ListUsersWithTag", "CreateRowPolicy", "DropRowPolicy",
            "ListRowPolicies", "UpdateRowPolicy", "SetRLSPrincipalTags", "GetRLSPrincipalTags", "ListRLSPrincipals", "DeleteRLSPrincipalTags",
            "UpdateReplicateConfiguration", "GetReplicateConfiguration", "GetReplicateInfo", "CreateReplicateStream", "DumpMessages",
            "ComputePhraseMatchSlop", "CreateSnapshot", "DropSnapshot", "ListSnapshots", "DescribeSnapshot", "RestoreSnapshot",
            "RestoreExternalSnapshot", "ExportSnapshot", "GetExportSnapshotState", "GetRestoreSnapshotState", "ListRestoreSnapshotJobs",
            "PinSnapshotData", "UnpinSnapshotData", "AlterCollectionSchema", "BatchUpdateManifest", "RefreshExternalCollection",
            "GetRefreshExternalCollectionProgress", "ListRefreshExternalCollectionJobs",
        ]);

    public static GrpcService Telemetry { get; } = new(
        "milvus.proto.milvus.ClientTelemetryService",
        [
            "ClientHeartbeat", "GetClientTelemetry", "PushClientCommand", "DeleteClientCommand",
        ]);
}
