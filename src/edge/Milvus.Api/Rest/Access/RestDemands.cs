using System.Collections.Frozen;
using Google.Protobuf;
using Milvus.Api.Import;
using Milvus.Api.Rest.Endpoints;
using Milvus.Protocol;

namespace Milvus.Api.Rest.Access;

/// <summary>The gRPC requests whose privileges a REST request needs: those that would do the same.</summary>
internal delegate IReadOnlyList<IMessage> RestDemand(RestCall call);

/// <summary>What each path of REST v2 demands. The privileges themselves are declared by the messages, for both protocols.</summary>
internal static class RestDemands
{
    private static readonly FrozenDictionary<string, RestDemand> s_demands = Build().ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="path">Below <c>/v2/vectordb/</c>.</param>
    /// <exception cref="KeyNotFoundException">Nobody has said what the path demands.</exception>
    public static RestDemand Of(string path) => s_demands[path];

    /// <summary>A collection that is made with its index and loaded.</summary>
    public static IReadOnlyList<IMessage> OfReadyCollection(RestCall call) =>
        [new CreateCollectionRequest(), new CreateIndexRequest { CollectionName = Name(call) }, new LoadCollectionRequest { CollectionName = Name(call) }];

    private static Dictionary<string, RestDemand> Build()
    {
        var table = new Dictionary<string, RestDemand>();
        AddCollections(table);
        AddParts(table);
        AddEntities(table);
        AddAccess(table);
        AddCluster(table);
        AddJobs(table);
        return table;
    }

    private static void AddCollections(Dictionary<string, RestDemand> table)
    {
        table["collections/list"] = Any<ShowCollectionsRequest>();
        table["collections/has"] = Any<HasCollectionRequest>();
        table["collections/describe"] = Any<DescribeCollectionRequest>();
        table["collections/create"] = c => SchemaJson.MakesIndexes(c) ? OfReadyCollection(c) : [new CreateCollectionRequest()];
        table["collections/drop"] = Any<DropCollectionRequest>();
        table["collections/truncate"] = Any<TruncateCollectionRequest>();
        table["collections/rename"] = Any<RenameCollectionRequest>();
        table["collections/alter_properties"] = table["collections/drop_properties"] = Any<AlterCollectionRequest>();
        table["collections/fields/alter_properties"] = Any<AlterCollectionFieldRequest>();
        table["collections/fields/add"] = c => [new AddCollectionFieldRequest { CollectionName = Name(c) }];
        table["collections/struct_fields/add"] = c => [new AddCollectionStructFieldRequest { CollectionName = Name(c) }];
        table["collections/add_function"] = Any<AddCollectionFunctionRequest>();
        table["collections/alter_function"] = Any<AlterCollectionFunctionRequest>();
        table["collections/drop_function"] = Any<DropCollectionFunctionRequest>();
        table["collections/add_function_field"] = table["collections/drop_function_field"] = c => [new AlterCollectionSchemaRequest { CollectionName = Name(c) }];
        table["collections/load"] = table["collections/refresh_load"] = c => [new LoadCollectionRequest { CollectionName = Name(c) }];
        table["collections/release"] = c => [new ReleaseCollectionRequest { CollectionName = Name(c) }];
        table["collections/get_stats"] = c => [new GetCollectionStatisticsRequest { CollectionName = Name(c) }];
        table["collections/get_load_state"] = c => [new GetLoadStateRequest { CollectionName = Name(c) }];
        table["collections/flush"] = c => [new FlushRequest { CollectionNames = { Name(c) } }];
        table["collections/compact"] = c => [new ManualCompactionRequest { CollectionName = Name(c) }];
        table["collections/get_compaction_state"] = Any<GetCompactionStateRequest>();
    }

    /// <summary>Partitions, indexes, aliases.</summary>
    private static void AddParts(Dictionary<string, RestDemand> table)
    {
        table["partitions/list"] = c => [new ShowPartitionsRequest { CollectionName = Name(c) }];
        table["partitions/has"] = c => [new HasPartitionRequest { CollectionName = Name(c) }];
        table["partitions/get_stats"] = c => [new GetPartitionStatisticsRequest { CollectionName = Name(c) }];
        table["partitions/create"] = c => [new CreatePartitionRequest { CollectionName = Name(c) }];
        table["partitions/drop"] = c => [new DropPartitionRequest { CollectionName = Name(c) }];
        table["partitions/load"] = c => [new LoadPartitionsRequest { CollectionName = Name(c) }];
        table["partitions/release"] = c => [new ReleasePartitionsRequest { CollectionName = Name(c) }];

        table["indexes/list"] = table["indexes/describe"] = c => [new DescribeIndexRequest { CollectionName = Name(c) }];
        table["indexes/create"] = c => [new CreateIndexRequest { CollectionName = Name(c) }];
        table["indexes/drop"] = c => [new DropIndexRequest { CollectionName = Name(c) }];
        table["indexes/alter_properties"] = table["indexes/drop_properties"] = c => [new AlterIndexRequest { CollectionName = Name(c) }];

        table["aliases/list"] = Any<ListAliasesRequest>();
        table["aliases/describe"] = Any<DescribeAliasRequest>();
        table["aliases/create"] = Any<CreateAliasRequest>();
        table["aliases/alter"] = Any<AlterAliasRequest>();
        table["aliases/drop"] = Any<DropAliasRequest>();
    }

    private static void AddEntities(Dictionary<string, RestDemand> table)
    {
        table["entities/insert"] = c => [new InsertRequest { CollectionName = Name(c) }];
        table["entities/upsert"] = c => [new UpsertRequest { CollectionName = Name(c) }];
        table["entities/delete"] = c => [new DeleteRequest { CollectionName = Name(c) }];
        table["entities/query"] = table["entities/get"] = c => [Query(c)];
        table["entities/search"] = c => [new SearchRequest { CollectionName = Name(c) }];
        table["entities/hybrid_search"] = table["entities/advanced_search"] = c => [new HybridSearchRequest { CollectionName = Name(c) }];
        table["entities/explain"] = c => [SearchEndpoints.ExplainsQuery(c) ? Query(c) : new SearchRequest { CollectionName = Name(c) }];

        static IMessage Query(RestCall c) => new QueryRequest { CollectionName = Name(c) };
    }

    /// <summary>Users, roles and privilege groups.</summary>
    private static void AddAccess(Dictionary<string, RestDemand> table)
    {
        table["users/list"] = Any<ListCredUsersRequest>();
        table["users/describe"] = c => [new SelectUserRequest { User = new UserEntity { Name = c.Text("userName") } }];
        table["users/create"] = Any<CreateCredentialRequest>();
        table["users/update_password"] = c => [new UpdateCredentialRequest { Username = c.Text("userName") }];
        table["users/drop"] = Any<DeleteCredentialRequest>();
        table["users/grant_role"] = table["users/revoke_role"] = Any<OperateUserRoleRequest>();

        table["roles/list"] = Any<SelectRoleRequest>();
        table["roles/describe"] = c => [new SelectGrantRequest { Entity = new GrantEntity { Role = new RoleEntity { Name = c.Text("roleName") } } }];
        table["roles/create"] = Any<CreateRoleRequest>();
        table["roles/alter"] = Any<AlterRoleRequest>();
        table["roles/drop"] = Any<DropRoleRequest>();
        table["roles/grant_privilege"] = table["roles/revoke_privilege"] = Any<OperatePrivilegeRequest>();
        table["roles/grant_privilege_v2"] = table["roles/revoke_privilege_v2"] = Any<OperatePrivilegeV2Request>();

        table["privilege_groups/create"] = Any<CreatePrivilegeGroupRequest>();
        table["privilege_groups/drop"] = Any<DropPrivilegeGroupRequest>();
        table["privilege_groups/list"] = Any<ListPrivilegeGroupsRequest>();
        table["privilege_groups/add_privileges_to_group"] = table["privilege_groups/remove_privileges_from_group"] = Any<OperatePrivilegeGroupRequest>();
    }

    /// <summary>Databases, resource groups, files, and what belongs to no object.</summary>
    private static void AddCluster(Dictionary<string, RestDemand> table)
    {
        table["databases/list"] = Any<ListDatabasesRequest>();
        table["databases/describe"] = Any<DescribeDatabaseRequest>();
        table["databases/create"] = Any<CreateDatabaseRequest>();
        table["databases/drop"] = Any<DropDatabaseRequest>();
        table["databases/alter"] = table["databases/alter_properties"] = table["databases/drop_properties"] = Any<AlterDatabaseRequest>();

        table["resource_groups/list"] = Any<ListResourceGroupsRequest>();
        table["resource_groups/describe"] = Any<DescribeResourceGroupRequest>();
        table["resource_groups/create"] = Any<CreateResourceGroupRequest>();
        table["resource_groups/drop"] = Any<DropResourceGroupRequest>();
        table["resource_groups/alter"] = Any<UpdateResourceGroupsRequest>();
        table["resource_groups/transfer_replica"] = Any<TransferReplicaRequest>();

        table["file_resources/add"] = Any<AddFileResourceRequest>();
        table["file_resources/remove"] = Any<RemoveFileResourceRequest>();
        table["file_resources/list"] = Any<ListFileResourcesRequest>();
        table["common/run_analyzer"] = Any<RunAnalyzerRequest>();
        table["segments/describe"] = Any<GetPersistentSegmentInfoRequest>();
        table["quotacenter/describe"] = Any<GetMetricsRequest>();
    }

    /// <summary>Imports, snapshots and external collections. Those of imports are placeholders that Milvus declares for REST alone.</summary>
    private static void AddJobs(Dictionary<string, RestDemand> table)
    {
        table["jobs/import/create"] = c => [new ImportAuthPlaceholder { CollectionName = Name(c) }];
        table["jobs/import/describe"] = table["jobs/import/get_progress"] = Any<GetImportProgressAuthPlaceholder>();
        table["jobs/import/list"] = Any<ListImportsAuthPlaceholder>();
        table["jobs/import/commit"] = table["jobs/import/abort"] = c => [ImportOf(c)];

        table["snapshots/create"] = c => [new CreateSnapshotRequest { CollectionName = Name(c) }];
        table["snapshots/drop"] = c => [new DropSnapshotRequest { CollectionName = Name(c) }];
        table["snapshots/list"] = c => [new ListSnapshotsRequest { CollectionName = Name(c) }];
        table["snapshots/describe"] = c => [new DescribeSnapshotRequest { CollectionName = Name(c) }];
        table["snapshots/restore"] = c => [new RestoreSnapshotRequest { CollectionName = Name(c) }];
        table["jobs/snapshot/describe"] = Any<GetRestoreSnapshotStateRequest>();
        table["jobs/snapshot/list"] = c => [new ListRestoreSnapshotJobsRequest { CollectionName = Name(c) }];
        table["jobs/snapshot/restore_external"] = Any<RestoreExternalSnapshotRequest>();
        table["jobs/snapshot/export"] = Any<ExportSnapshotRequest>();

        table["jobs/external_collection/refresh"] = c => [new RefreshExternalCollectionRequest { CollectionName = Name(c) }];
        table["jobs/external_collection/describe"] = Any<GetRefreshExternalCollectionProgressRequest>();
        table["jobs/external_collection/list"] = Any<ListRefreshExternalCollectionJobsRequest>();
    }

    private static string Name(RestCall call) => call.Text("collectionName");

    /// <summary>Who may import into a collection may also end the import; where there is no such job or collection, whoever may import everywhere.</summary>
    private static ImportAuthPlaceholder ImportOf(RestCall call)
    {
        var catalog = call.Proxy.Catalog;
        // By its id: it may have another name by now.
        return catalog.FindImport(JobIds.Parse(call.Required("jobId", "JobIDReq"))) is { } job && catalog.FindCollection(job.CollectionId) is { } collection
            ? new() { DbName = collection.DatabaseName, CollectionName = collection.Name }
            : new();
    }

    /// <summary>For requests that need nothing, or a privilege that is not granted by object.</summary>
    private static RestDemand Any<TRequest>()
        where TRequest : IMessage, new() => static _ => [new TRequest()];
}
